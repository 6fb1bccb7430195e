import { startWorker } from "../worker.ts";
import type { FromWorker, RequestName, Requests, ToWorker } from "./protocol.ts";

/** The worker could not do what it was asked; `code` says of which kind that is. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** A pattern may take for ever; a person waits this long. */
const PATTERN_LIMIT_MS = 2_000;

type Waiting = {
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
  progress: ((bytes: number) => void) | undefined;
};

export type Engine = {
  ask<K extends RequestName>(
    name: K,
    ask: Requests[K]["ask"],
    progress?: (bytes: number) => void,
  ): Promise<Requests[K]["answer"]>;
  /**
   * As `ask`, for what runs a pattern: after 2 s the worker is ended, a new one loads the same
   * objects again, and the answer is an EngineError with code `pattern`.
   */
  askLimited<K extends RequestName>(
    name: K,
    ask: Requests[K]["ask"],
  ): Promise<Requests[K]["answer"]>;
};

/** Undefined where the server has no worker. */
export const createEngine = (): Engine | undefined => {
  let worker = startWorker("logs");
  if (worker === undefined) return undefined;
  let nextId = 1;
  const waiting = new Map<number, Waiting>();
  const loads: Requests["load"]["ask"][] = [];

  const listen = (started: Worker): void => {
    started.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      const waiter = waiting.get(data.id);
      if (waiter === undefined) return;
      if ("progress" in data) return waiter.progress?.(data.progress);
      waiting.delete(data.id);
      if ("problem" in data)
        waiter.reject(new EngineError(data.problem.message, data.problem.code));
      else waiter.resolve(data.answer as never);
    });
    started.addEventListener("error", (event) => {
      for (const { reject } of waiting.values())
        reject(new EngineError(event.message || "The viewer's worker failed.", "failed"));
      waiting.clear();
    });
  };
  listen(worker);

  const ask: Engine["ask"] = async (name, question, progress) => {
    const id = nextId;
    nextId += 1;
    const answer = await new Promise<never>((resolve, reject) => {
      waiting.set(id, { resolve, reject, progress });
      worker?.postMessage({ id, name, ask: question } as ToWorker);
    });
    if (name === "load") loads.push(question as Requests["load"]["ask"]);
    return answer;
  };

  const restart = async (): Promise<void> => {
    worker?.terminate();
    for (const { reject } of waiting.values())
      reject(new EngineError("The pattern took longer than 2 s and was stopped.", "pattern"));
    waiting.clear();
    worker = startWorker("logs");
    if (worker) listen(worker);
    for (const load of loads.splice(0)) await ask("load", load);
  };

  return {
    ask,
    askLimited: async (name, question) => {
      let restarted: Promise<void> | undefined;
      const timer = setTimeout(() => {
        restarted = restart();
      }, PATTERN_LIMIT_MS);
      try {
        return await ask(name, question);
      } catch (error) {
        await restarted;
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
};
