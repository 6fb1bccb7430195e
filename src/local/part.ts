import { type Config, ConfigError, loadConfig } from "../shared/core/config.ts";
import type { Logger } from "../shared/core/logger.ts";
import { createLogger } from "./log.ts";

/** A running part of the pipeline: one process, one job. */
export type Part = {
  /** What the supervisor tells the user, such as `{ url }`. */
  ready: Readonly<Record<string, string>>;
  /** Finishes what was taken, then releases everything. */
  close(): Promise<void>;
};

export type PartContext = { config: Config; log: Logger };

const CLOSE_DEADLINE_MS = 10_000;

/** Exit code for a configuration that no restart can cure. */
export const EXIT_BAD_CONFIG = 78;

/**
 * Runs one part as this process: reads the configuration, says `ready` to the supervisor over IPC,
 * and closes on SIGTERM, SIGINT or the supervisor's death, within 10 s. Exit code 0 after a clean
 * close, 78 for a bad configuration, 1 otherwise.
 */
export const runPart = async (
  name: string,
  env: NodeJS.ProcessEnv,
  start: (context: PartContext) => Promise<Part>,
): Promise<void> => {
  let config: Config;
  const refuse = (error: ConfigError): never => {
    createLogger(name, "error").error({}, error.message);
    process.exit(EXIT_BAD_CONFIG);
  };
  try {
    config = loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return refuse(error);
  }
  const log = createLogger(name, config.LOG_LEVEL);
  const fail = (error: unknown): never => {
    log.error({ err: error }, "Stopped by an unexpected error.");
    process.exit(1);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);

  let part: Part | undefined;
  let isClosing = false;
  const close = async (): Promise<void> => {
    if (isClosing) return;
    isClosing = true;
    setTimeout(
      () => fail(new Error(`Not closed within ${CLOSE_DEADLINE_MS} ms.`)),
      CLOSE_DEADLINE_MS,
    ).unref();
    await part?.close();
    process.exit(0);
  };
  const closeOrFail = () => void close().catch(fail);
  process.on("SIGTERM", closeOrFail);
  process.on("SIGINT", closeOrFail);
  // Without its supervisor nobody would ever stop this process.
  process.on("disconnect", closeOrFail);

  part = await start({ config, log }).catch((error: unknown) =>
    error instanceof ConfigError ? refuse(error) : fail(error),
  );
  process.send?.({ type: "ready", part: name, ...part.ready });
};
