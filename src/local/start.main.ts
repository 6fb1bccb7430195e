import path from "node:path";
import { parseArgs } from "node:util";
import { PORT_OFFSETS } from "../mock-servers/port-offsets.ts";
import { type Config, ConfigError, loadConfig } from "../shared/core/config.ts";
import { createLogger } from "./log.ts";
import { EXIT_BAD_CONFIG } from "./part.ts";
import { banner } from "./supervisor/banner.ts";
import {
  DEFAULT_AWS_ENDPOINT,
  isLoopback,
  isPortFree,
  probeEndpoint,
} from "./supervisor/endpoint.ts";
import { runOnce } from "./supervisor/one-shot.ts";
import { createPrettyRender, rawRender } from "./supervisor/render.ts";
import { PartFailedError, type SupervisedPart, supervisePart } from "./supervisor/supervise.ts";
import { watchSources } from "./supervisor/watch.ts";

const SETUP_DEADLINE_MS = 45_000;

const PARENT_CHECK_MS = 500;

/** Under npm one Ctrl-C arrives twice: from the terminal, and handed on by npm. */
const ONE_SIGNAL_MS = 1_000;

/** A sentence for the user; no stack helps him. */
class StartError extends Error {
  override readonly name = "StartError";
}

const buildFolder = import.meta.dirname;
const { values: args } = parseArgs({
  options: {
    watch: { type: "boolean", default: false },
    /** Starts the simulated upstream servers too. */
    "with-mock-servers": { type: "boolean", default: false },
    /** Always this long before a part is started again, for tests that kill it often. */
    "restart-delay-ms": { type: "string" },
  },
});

const isJson = process.env.LOG_FORMAT === "json";
const render = isJson
  ? rawRender
  : createPrettyRender(process.stdout.isTTY === true && !process.env.NO_COLOR);
const show = (part: string, line: string) => process.stdout.write(`${render(part, line)}\n`);
const say = (text: string) => process.stdout.write(`${text}\n`);

/** As the log names it: in the width of the other names. */
const UPSTREAM = "upstream";

const checkMockPorts = async ({ MOCK_PORT_BASE }: Config): Promise<void> => {
  for (const [service, offset] of Object.entries(PORT_OFFSETS)) {
    if (await isPortFree(MOCK_PORT_BASE + offset, "127.0.0.1")) continue;
    throw new StartError(
      `Port ${MOCK_PORT_BASE + offset} for ${service} is taken. Stop what uses it, or choose other ports: MOCK_PORT_BASE=${MOCK_PORT_BASE + 100} npm start -- --with-mock-servers`,
    );
  }
};

const checkPorts = async (config: Config): Promise<void> => {
  const wanted = { INGEST_PORT: config.INGEST_PORT, DASHBOARD_PORT: config.DASHBOARD_PORT };
  for (const [variable, port] of Object.entries(wanted)) {
    if (await isPortFree(port, config.HOST)) continue;
    throw new StartError(
      `Port ${port} on ${config.HOST} is taken. Stop what uses it (an earlier npm start?), or choose another: ${variable}=${port + 1} npm start`,
    );
  }
};

/** Which endpoint to use, and whether the embedded local AWS has to be started for it. */
const chooseEndpoint = async (config: Config): Promise<{ url: string; foundName?: string }> => {
  const url = config.AWS_ENDPOINT_URL ?? DEFAULT_AWS_ENDPOINT;
  const state = await probeEndpoint(url);
  if (state.kind === "aws") return { url, foundName: state.name };
  const port = new URL(url).port;
  if (state.kind === "foreign")
    throw new StartError(
      `Something that is not an AWS endpoint answers at ${url}. Stop it, or choose another port for the local AWS: AWS_ENDPOINT_URL=http://127.0.0.1:${Number(port || 80) + 1} npm start`,
    );
  if (!isLoopback(url))
    throw new StartError(
      `Nothing answers at AWS_ENDPOINT_URL=${url}. Start it, or leave the variable unset to use the embedded local AWS.`,
    );
  return { url };
};

const main = async (): Promise<void> => {
  const config = loadConfig(process.env);
  const log = createLogger("start", config.LOG_LEVEL);
  const ownLog = isJson ? log : createLineLogger();
  await checkPorts(config);
  if (args["with-mock-servers"]) await checkMockPorts(config);
  const endpoint = await chooseEndpoint(config);
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint.url,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  const specOf = (name: string, script: string) => ({
    name,
    script: path.join(buildFolder, `${script}.js`),
    env,
  });

  // In the order of the flow; stopped first to last, so that each drains into the next.
  const parts: SupervisedPart[] = [];
  let isStopping = false;
  const stop = async (exitCode: number): Promise<void> => {
    if (isStopping) {
      say("Stopping at once.");
      process.exit(1);
    }
    isStopping = true;
    const emulator = parts.find(({ name }) => name === "local-aws");
    const upstream = parts.find(({ name }) => name === UPSTREAM);
    const others = parts.filter((part) => part !== emulator && part !== upstream);
    await upstream?.stop();
    await Promise.all(others.map((part) => part.stop()));
    await emulator?.stop();
    if (exitCode === 0) say("Stopped. Nothing was lost: data and checkpoints are kept.");
    process.exit(exitCode);
  };
  let firstSignalAt: number | undefined;
  const onSignal = () => {
    if (firstSignalAt === undefined) {
      firstSignalAt = Date.now();
      say("\nStopping …");
    } else if (Date.now() - firstSignalAt < ONE_SIGNAL_MS) return;
    void stop(0);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  // npm that is told to end hands the signal to its shell alone; who started this is gone then.
  const startedBy = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined)
    setInterval(() => {
      if (process.ppid !== startedBy && !isStopping) void stop(0);
    }, PARENT_CHECK_MS).unref();

  const restartDelayMs = Number(args["restart-delay-ms"]);
  const options = {
    show,
    log: ownLog,
    ...(restartDelayMs > 0
      ? { restartDelayMs: { first: restartDelayMs, longest: restartDelayMs } }
      : {}),
  };
  try {
    if (endpoint.foundName === undefined)
      parts.push(await supervisePart(specOf("local-aws", "emulator"), options));
    await runOnce(specOf("setup", "setup"), show, SETUP_DEADLINE_MS);
    const started = await Promise.allSettled(
      ["ingest", "consumer", "dashboard"].map(async (name) => {
        parts.push(await supervisePart(specOf(name, name), options));
      }),
    );
    for (const result of started) if (result.status === "rejected") throw result.reason;
    if (args["with-mock-servers"])
      parts.push(await supervisePart(specOf(UPSTREAM, "mock-servers"), options));
  } catch (error) {
    if (!isStopping) {
      say(error instanceof PartFailedError ? error.message : String(error));
      await stop(1);
    }
    return;
  }
  if (isStopping) return;
  say(banner(config, endpoint, { dataFolder: process.env.LOCAL_AWS_DIR ?? ".data/local-aws" }));
  if (args["with-mock-servers"]) say(mockServersNote(config));
  if (args.watch) watchSources(parts, ownLog);
};

const mockServersNote = ({
  MOCK_PORT_BASE: base,
}: Config): string => `  Upstream   http://127.0.0.1:${base} to :${base + 3}, and :${base + 5}

  Let them send 1,000 logs a second:
    curl -s http://127.0.0.1:${base}/api/continuous/start -H 'content-type: application/json' \\
      -d '{"normal_log_rate":1000}'
`;

/** The supervisor's own sentences, in the look of its parts' lines. */
const createLineLogger = () => {
  const at = (level: string) => (_fields: object, msg: string) =>
    show("start", JSON.stringify({ level, time: new Date().toISOString(), msg }));
  return { debug() {}, info: at("info"), warn: at("warn"), error: at("error") };
};

try {
  await main();
} catch (error) {
  if (!(error instanceof StartError) && !(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error instanceof ConfigError ? EXIT_BAD_CONFIG : 1);
}
