import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Logger } from "../../shared/core/logger.ts";

export type PartSpec = {
  name: string;
  /** Script that Node runs. */
  script: string;
  /** The whole environment of the process. */
  env: NodeJS.ProcessEnv;
};

export type SuperviseOptions = {
  /** Shows one line of a part's output. */
  show(part: string, line: string): void;
  log: Logger;
  readyDeadlineMs?: number;
  stopDeadlineMs?: number;
  restartDelayMs?: { first: number; longest: number };
  /** A part that ran this long starts over with the first delay. */
  stableAfterMs?: number;
};

export type SupervisedPart = {
  name: string;
  /** Fields of the part's last `ready` message. */
  ready: Readonly<Record<string, string>>;
  /** Stops it with SIGTERM, then SIGKILL after the deadline. No restart follows. */
  stop(): Promise<void>;
  /** Stops it and starts it again, for a new build. */
  restart(): Promise<void>;
};

/** The part ended before it was ready: a person has to look, a restart would not help. */
export class PartFailedError extends Error {
  override readonly name = "PartFailedError";
}

type Running = { child: ChildProcess; exited: Promise<number | null>; startedAt: number };

/**
 * Starts a part as a process of its own and keeps it running: when it ends unasked it is started
 * again with a doubling delay. Resolves once the part says `ready`; throws PartFailedError when it
 * ends, or stays silent past the deadline, before that.
 */
export const supervisePart = async (
  spec: PartSpec,
  options: SuperviseOptions,
): Promise<SupervisedPart> => {
  const { log, show } = options;
  const stopDeadlineMs = options.stopDeadlineMs ?? 12_000;
  const delays = options.restartDelayMs ?? { first: 500, longest: 30_000 };
  const part = { ready: {} as Readonly<Record<string, string>> };
  let running: Running | undefined;
  let isStopping = false;
  let nextDelayMs = delays.first;
  let restartTimer: NodeJS.Timeout | undefined;

  const launch = (onReady: () => void, onExit: (code: number | null) => void): Running => {
    const child = spawn(process.execPath, ["--enable-source-maps", spec.script], {
      env: spec.env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // Ctrl-C reaches the whole process group; the parts are stopped in order instead.
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => show(spec.name, line));
    }
    child.on("message", (message: { type?: string } & Record<string, string>) => {
      if (message.type !== "ready") return;
      part.ready = message;
      onReady();
    });
    const exited = new Promise<number | null>((resolve) => {
      child.once("error", () => resolve(null));
      child.once("exit", (code) => resolve(code));
    });
    void exited.then(onExit);
    return { child, exited, startedAt: Date.now() };
  };

  const relaunch = (): void => {
    running = launch(
      () => log.info({ child: spec.name, pid: running?.child.pid }, `${spec.name} is up again.`),
      onUnexpectedExit,
    );
  };

  const onUnexpectedExit = (code: number | null): void => {
    if (isStopping) return;
    const signal = running?.child.signalCode;
    if (Date.now() - (running?.startedAt ?? 0) > (options.stableAfterMs ?? 60_000))
      nextDelayMs = delays.first;
    const how = signal ? `was killed (${signal})` : `ended with exit code ${code}`;
    log.warn({}, `${spec.name} ${how}; starting it again in ${nextDelayMs / 1000} s.`);
    restartTimer = setTimeout(relaunch, nextDelayMs);
    nextDelayMs = Math.min(nextDelayMs * 2, delays.longest);
  };

  const launchFirst = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const deadlineMs = options.readyDeadlineMs ?? 20_000;
      let isReady = false;
      const deadline = setTimeout(() => {
        reject(new PartFailedError(`${spec.name} was not ready within ${deadlineMs / 1000} s.`));
      }, deadlineMs);
      running = launch(
        () => {
          isReady = true;
          clearTimeout(deadline);
          log.debug({ child: spec.name, pid: running?.child.pid }, `${spec.name} is up.`);
          resolve();
        },
        (code) => {
          clearTimeout(deadline);
          if (isReady) onUnexpectedExit(code);
          else reject(new PartFailedError(`${spec.name} ended with exit code ${code} at start.`));
        },
      );
    });

  const end = async (): Promise<void> => {
    isStopping = true;
    clearTimeout(restartTimer);
    if (!running || running.child.exitCode !== null || running.child.signalCode !== null) return;
    const { child, exited } = running;
    const deadline = setTimeout(() => {
      log.error({}, `${spec.name} did not stop within ${stopDeadlineMs / 1000} s; killing it.`);
      child.kill("SIGKILL");
    }, stopDeadlineMs);
    child.kill("SIGTERM");
    await exited;
    clearTimeout(deadline);
  };

  try {
    await launchFirst();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    name: spec.name,
    get ready() {
      return part.ready;
    },
    stop: end,
    restart: async () => {
      await end();
      isStopping = false;
      relaunch();
    },
  };
};
