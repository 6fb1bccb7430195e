import type { Sleep } from "./sleep.ts";

/** A sleep that can be cut short. A `wake` between two waits ends the next one at once. */
export const createWaker = (sleep: Sleep) => {
  let isPending = false;
  let interrupt = () => {};
  return {
    wake: () => {
      isPending = true;
      interrupt();
    },
    wait: async (ms: number, signal: AbortSignal): Promise<void> => {
      const woken = new AbortController();
      interrupt = () => woken.abort();
      signal.addEventListener("abort", interrupt);
      if (!isPending && !signal.aborted) await sleep(ms, woken.signal);
      signal.removeEventListener("abort", interrupt);
      isPending = false;
    },
  };
};
