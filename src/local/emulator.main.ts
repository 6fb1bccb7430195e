import path from "node:path";
import * as z from "zod";
import { startLocalAws } from "./emulators/server.ts";
import { runPart } from "./part.ts";

const DEFAULT_PORT = 4566;
const flag = z.enum(["true", "false"]).default("false");

/** What only the embedded local AWS reads; everything else is in shared/core/config.ts. */
const envSchema = z.object({
  LOCAL_AWS_DIR: z.string().min(1).default(".data/local-aws"),
  LOCAL_AWS_THROTTLE: z.enum(["off", "aws"]).default("off"),
  LOCAL_AWS_HOST: z.string().min(1).default("127.0.0.1"),
  LOCAL_AWS_ALLOW_REMOTE: flag,
  LOCAL_AWS_SYNC_TO_DISK: flag,
  LOCAL_AWS_FAULT_SEED: z.coerce.number().int().default(1),
});

const portOf = (endpoint: string | undefined): number => {
  if (endpoint === undefined) return DEFAULT_PORT;
  const { port, protocol } = new URL(endpoint);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
};

await runPart("local-aws", process.env, async ({ config, log }) => {
  const set = Object.entries(process.env).filter(([, value]) => value !== "");
  const parsed = envSchema.safeParse(Object.fromEntries(set));
  if (!parsed.success) throw new Error(`Configuration refused. ${z.prettifyError(parsed.error)}`);
  const env = parsed.data;
  const directory = path.resolve(env.LOCAL_AWS_DIR);
  const localAws = await startLocalAws({
    directory,
    port: portOf(config.AWS_ENDPOINT_URL),
    host: env.LOCAL_AWS_HOST,
    allowRemote: env.LOCAL_AWS_ALLOW_REMOTE === "true",
    region: config.AWS_REGION,
    log,
    throttle: env.LOCAL_AWS_THROTTLE,
    faultSeed: env.LOCAL_AWS_FAULT_SEED,
    syncToDisk: env.LOCAL_AWS_SYNC_TO_DISK === "true",
  });
  log.info(
    { url: localAws.url, directory, throttle: env.LOCAL_AWS_THROTTLE },
    `LOCAL EMULATOR of Kinesis and S3 at ${localAws.url}, not AWS; data in ${directory}.`,
  );
  return { ready: { url: localAws.url, directory }, close: localAws.close };
});
