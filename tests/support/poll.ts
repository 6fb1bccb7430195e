import { setTimeout as sleep } from "node:timers/promises";

/**
 * Calls `look` until it returns something other than undefined or false. Throws after the deadline
 * with the label and the last error, so that a regression fails fast and says what it waited for.
 */
export const poll = async <T>(
  label: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 20_000,
): Promise<T> => {
  const until = Date.now() + deadlineMs;
  let lastError: unknown;
  while (Date.now() < until) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await sleep(50);
  }
  throw new Error(`Not within ${deadlineMs} ms: ${label}`, { cause: lastError });
};
