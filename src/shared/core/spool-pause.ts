/** Waits of one loop, which the signal ends for good. `schedule` answers with its cancellation. */
export const createPause = (
  schedule: (delayMs: number, task: () => void) => () => void,
  signal: AbortSignal,
) => {
  let isWoken = false;
  let end: (() => void) | undefined;

  const wait = (delayMs: number, isWakeable: boolean): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted || (isWakeable && isWoken)) return resolve();
      const finish = () => {
        end = undefined;
        cancel();
        signal.removeEventListener("abort", finish);
        resolve();
      };
      const cancel = schedule(delayMs, finish);
      signal.addEventListener("abort", finish);
      end = isWakeable ? finish : undefined;
    });

  return {
    /** To be called before looking for what there is to do: a wake from now on ends the next wait. */
    listen: (): void => {
      isWoken = false;
    },
    wake: (): void => {
      isWoken = true;
      end?.();
    },
    untilWoken: (delayMs: number): Promise<void> => wait(delayMs, true),
    full: (delayMs: number): Promise<void> => wait(delayMs, false),
  };
};
