import { formatBytes, formatCount } from "../../shared/core/dashboard/format.ts";

type SummaryAnswer = {
  objects: number;
  bytes: number;
  coverage: { complete: boolean };
  next_cursor: string | null;
  detail?: string;
};

const DEADLINE_MS = 20_000;

/** Counts below a prefix until the end, or until the button is pressed again. */
export const createCounter = (
  bucket: string,
  prefix: string,
  button: HTMLElement,
  status: HTMLElement,
): (() => void) => {
  let isRunning = false;
  const label = button.textContent ?? "Count";

  const run = async (): Promise<void> => {
    let cursor = "";
    for (;;) {
      const answer = await fetch(
        `/api/s3/bucket/${encodeURIComponent(bucket)}/summary?prefix=${encodeURIComponent(prefix)}&cursor=${cursor}`,
        { signal: AbortSignal.timeout(DEADLINE_MS) },
      );
      const body = (await answer.json()) as SummaryAnswer;
      if (!answer.ok) throw new Error(body.detail ?? String(answer.status));
      const plus = body.coverage.complete ? "" : "+";
      const end = body.coverage.complete
        ? "all of them"
        : isRunning
          ? "counting …"
          : "stopped by you";
      status.textContent = `${formatCount(body.objects)}${plus} objects, ${formatBytes(body.bytes)}${plus} below this prefix, ${end}`;
      if (body.next_cursor === null || !isRunning) return;
      cursor = body.next_cursor;
    }
  };

  return () => {
    if (isRunning) {
      isRunning = false;
      return;
    }
    isRunning = true;
    button.textContent = "Stop counting";
    run()
      .catch((error: unknown) => {
        status.textContent = error instanceof Error ? error.message : "Counting failed.";
      })
      .finally(() => {
        isRunning = false;
        button.textContent = label;
      });
  };
};
