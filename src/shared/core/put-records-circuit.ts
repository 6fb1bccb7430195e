export type CircuitOptions = {
  /** Calls that fail as a whole, in a row. */
  failuresToOpen?: number;
  firstPauseMs?: number;
  longestPauseMs?: number;
};

/**
 * Whether Kinesis is known to be down. Opens after some calls in a row that failed as a whole and
 * closes with the first that did not; while it is open single tries are due, ever less often.
 */
export const createCircuit = (now: () => number, options: CircuitOptions = {}) => {
  const failuresToOpen = options.failuresToOpen ?? 3;
  const firstPauseMs = options.firstPauseMs ?? 250;
  const longestPauseMs = options.longestPauseMs ?? 2_000;
  let failures = 0;
  let pauseMs = firstPauseMs;
  let nextTryAt = 0;

  const isOpen = (): boolean => failures >= failuresToOpen;
  return {
    isOpen,
    succeeded: (): void => {
      failures = 0;
      pauseMs = firstPauseMs;
    },
    failed: (): void => {
      failures += 1;
      if (!isOpen()) return;
      nextTryAt = now() + pauseMs;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    },
    /** Whether a try is due; until it has ended, or for a pause, no other one is. */
    takeTry: (): boolean => {
      if (!isOpen()) return true;
      if (now() < nextTryAt) return false;
      nextTryAt = now() + longestPauseMs;
      return true;
    },
    /** Epoch milliseconds. */
    nextTryAt: (): number => (isOpen() ? nextTryAt : 0),
  };
};

export type Circuit = ReturnType<typeof createCircuit>;
