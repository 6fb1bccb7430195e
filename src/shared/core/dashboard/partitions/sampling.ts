import { BackendError } from "../backend-error.ts";
import { mapBounded } from "../bounded.ts";
import { gunzip } from "../gunzip.ts";
import { readLines } from "../lines.ts";
import type { DayCell } from "../partition-walk.ts";
import type { ObjectCatalog } from "../ports.ts";
import { groupBy } from "./group-by.ts";
import { dayOf, HOUR_MS } from "./layout.ts";
import { type FieldSample, fieldsOf } from "./schema-drift.ts";

export type SampleBudget = { maxSamples: number; maxMs: number; concurrency: number };

/** Bytes of an object read for its first line. */
const MAX_BYTES = 64 * 1024;

export type Sampling = {
  samples: FieldSample[];
  /** Hours that could have been looked at. */
  candidates: number;
  /** Objects whose first line is no JSON object, or that could not be read. */
  unreadable: number;
};

type Candidate = { service: string; hour: number; key: string };

const candidatesOf = (cells: readonly DayCell[]): Candidate[] =>
  cells.flatMap(({ service, date, tally }) => {
    const day = dayOf(date);
    if (tally === null || day === undefined) return [];
    return [...tally.hours].flatMap(([hour, { sampleKey }]) =>
      sampleKey === undefined ? [] : [{ service, hour: day + hour * HOUR_MS, key: sampleKey }],
    );
  });

/** Spread evenly over the list, its ends among them. */
const spread = <T>(items: readonly T[], count: number): T[] => {
  if (items.length <= count) return [...items];
  const step = (items.length - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, index) => items[Math.round(index * step)] as T);
};

/** The same number of hours of each service, as long as there are some left. */
const choose = (candidates: readonly Candidate[], count: number): Candidate[] => {
  const byService = groupBy(candidates, ({ service }) => service);
  const share = Math.max(2, Math.floor(count / Math.max(1, byService.size)));
  return [...byService.values()]
    .flatMap((ofService) =>
      spread(
        [...ofService].sort((a, b) => a.hour - b.hour),
        share,
      ),
    )
    .slice(0, count);
};

/** The first line of one object of some hours, within the budget. What cannot be read is counted. */
export const sampleLines = async (
  catalog: ObjectCatalog,
  bucket: string,
  cells: readonly DayCell[],
  { budget, now, signal }: { budget: SampleBudget; now: () => number; signal: AbortSignal },
): Promise<Sampling> => {
  const candidates = candidatesOf(cells);
  const startedAt = now();
  let unreadable = 0;
  const chosen = choose(candidates, budget.maxSamples);
  const samples = await mapBounded(chosen, budget.concurrency, async (candidate) => {
    if (now() - startedAt >= budget.maxMs) return undefined;
    try {
      const opened = await catalog.open(bucket, candidate.key, MAX_BYTES, signal);
      if ("missing" in opened) return undefined;
      const body = candidate.key.endsWith(".gz") ? gunzip(opened.body) : opened.body;
      const { lines } = await readLines(body as ReadableStream<Uint8Array>, {
        maxLines: 1,
        maxBytes: MAX_BYTES,
      });
      const [line] = lines;
      const fields = line && !line.isCut ? fieldsOf(line.text) : undefined;
      if (fields) return { ...candidate, fields };
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
    }
    unreadable += 1;
    return undefined;
  });
  return {
    samples: samples.flatMap((sample) => sample ?? []),
    candidates: candidates.length,
    unreadable,
  };
};
