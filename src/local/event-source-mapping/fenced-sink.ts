import type { PartSink, WriteFence } from "../../shared/core/ports.ts";

type FencedSinks = (fence: WriteFence) => PartSink;

/**
 * Puts sinks behind fences: they write only while theirs lets them, at most `limit` parts at a time
 * over all of them. A request that had to queue for a socket would be sent when its fence is long
 * past, so sinks that share sockets must share the limit.
 */
export const createWriteLimit = (limit: number): ((sink: PartSink) => FencedSinks) => {
  const queue: (() => void)[] = [];
  let running = 0;

  const enter = async (): Promise<void> => {
    if (running < limit) running += 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
  };
  const leave = (): void => {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  return (sink) => (fence) => ({
    putPart: async (part) => {
      await enter();
      try {
        fence.assertHeld();
        await sink.putPart(part, fence);
      } finally {
        leave();
      }
    },
  });
};

/** One sink behind fences, with a limit of its own. */
export const createFencedSinks = (sink: PartSink, limit: number): FencedSinks =>
  createWriteLimit(limit)(sink);
