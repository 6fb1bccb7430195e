import type { SendTotals } from "./sender.ts";

const BAR_WIDTH = 24;
const REDRAW_MS = 100;

const count = (value: number): string => value.toLocaleString("en-US");

/**
 * Draws one line on a terminal, ten times a second: a bar where the size is known, a count where
 * it is not. Draws nothing elsewhere, so that logs and pipes stay clean.
 */
export const createProgress = (
  out: NodeJS.WriteStream,
  totals: SendTotals,
  read: { bytes: number; totalBytes: number | undefined },
) => {
  const startedAt = Date.now();
  const draw = (): void => {
    const perSecond = Math.round((totals.accepted * 1000) / Math.max(1, Date.now() - startedAt));
    const { bytes, totalBytes } = read;
    const done = totalBytes ? Math.min(1, bytes / totalBytes) : undefined;
    const filled = done === undefined ? 0 : Math.round(done * BAR_WIDTH);
    const bar =
      done === undefined
        ? ""
        : `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}] ${Math.floor(done * 100)}%  `;
    const rejected = totals.rejected > 0 ? `, ${count(totals.rejected)} rejected` : "";
    out.write(
      `\r\u001b[2K${bar}${count(totals.accepted)} accepted${rejected}  ${count(perSecond)} logs/s`,
    );
  };
  const timer = out.isTTY ? setInterval(draw, REDRAW_MS) : undefined;
  return {
    stop: (): void => {
      clearInterval(timer);
      if (out.isTTY) out.write("\r\u001b[2K");
    },
  };
};
