import type { PartSink, WriteFence } from "../../shared/core/ports.ts";

/**
 * Sinks that write only while their fence lets them, at most `limit` parts at a time over all of
 * them: a request that had to queue for a socket would be sent when its fence is long past.
 */
export const createFencedSinks = (
  sink: PartSink,
  limit: number,
): ((fence: WriteFence) => PartSink) => {
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

  return (fence) => ({
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
