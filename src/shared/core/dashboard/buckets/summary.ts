import { S3_LIST_MAX_KEYS } from "../../limits.ts";
import type { ObjectCatalog } from "../ports.ts";
import type { ScanBudget } from "./scan.ts";

/** What was counted so far, and where counting goes on. */
export type SummaryCursor = {
  after: string;
  objects: number;
  bytes: number;
  /** Epoch milliseconds. */
  newest: number | null;
  largest: number;
};

export type Summary = Omit<SummaryCursor, "after"> & {
  lastKey: string | undefined;
  complete: boolean;
  stopReason: "end" | "calls" | "time";
  listCalls: number;
  elapsedMs: number;
  next: SummaryCursor | undefined;
};

/**
 * Counts what lies below a prefix, within the budget; the next call goes on from `next` and adds
 * to it. Undefined where there is no such bucket.
 */
export const summarizePrefix = async (
  catalog: ObjectCatalog,
  {
    bucket,
    prefix,
    cursor,
  }: { bucket: string; prefix: string; cursor?: SummaryCursor | undefined },
  { budget, now, signal }: { budget: ScanBudget; now: () => number; signal: AbortSignal },
): Promise<Summary | undefined> => {
  const startedAt = now();
  const total: SummaryCursor = cursor
    ? { ...cursor }
    : { after: "", objects: 0, bytes: 0, newest: null, largest: 0 };
  let listCalls = 0;
  const finish = (stopReason: Summary["stopReason"]): Summary => {
    const { after, ...figures } = total;
    return {
      ...figures,
      lastKey: after === "" ? undefined : after,
      complete: stopReason === "end",
      stopReason,
      listCalls,
      elapsedMs: now() - startedAt,
      next: stopReason === "end" ? undefined : { ...total },
    };
  };
  for (;;) {
    if (listCalls >= budget.maxCalls) return finish("calls");
    if (listCalls > 0 && now() - startedAt >= budget.maxMs) return finish("time");
    const page = await catalog.list(
      {
        bucket,
        prefix,
        maxKeys: S3_LIST_MAX_KEYS,
        startAfter: total.after === "" ? undefined : total.after,
      },
      signal,
    );
    listCalls += 1;
    if (page === undefined) return undefined;
    for (const { key, size, lastModified } of page.objects) {
      total.after = key;
      total.objects += 1;
      total.bytes += size;
      total.largest = Math.max(total.largest, size);
      const at = lastModified?.getTime();
      if (at !== undefined && (total.newest === null || at > total.newest)) total.newest = at;
    }
    if (page.nextToken === undefined || page.objects.length === 0) return finish("end");
  }
};
