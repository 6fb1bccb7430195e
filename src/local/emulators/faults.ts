/** What goes wrong. `delayMs` comes first, then at most one of the others. */
export type FaultAction = {
  delayMs?: number;
  /** Answer with this AWS error instead of doing the work. */
  code?: string;
  /** HTTP status of `code`; 503 for S3 and 400 for Kinesis unless given. */
  status?: number;
  message?: string;
  /** Reset the connection instead of doing the work. */
  reset?: boolean;
  /** Do the work, commit it, then reset the connection instead of answering. */
  dropReply?: boolean;
};

export type FaultRule = {
  service: "kinesis" | "s3";
  /** Such as `PutRecords`, `PutObject`; `PutRecords.entry` fails single entries. Any when absent. */
  operation?: string;
  /** Part of the stream name, or of `bucket/key`. Any when absent. */
  resource?: string;
  /** Chance that a matching request is hit, 0 to 1; 1 when absent. */
  probability?: number;
  /** How often in all; without end when absent. */
  times?: number;
  /** Matching requests let through first. */
  skip?: number;
  action: FaultAction;
};

export type FaultPoint = Pick<FaultRule, "service"> & { operation: string; resource: string };

export type Faults = {
  add(rule: FaultRule): void;
  clear(): void;
  list(): { rule: FaultRule; hits: number }[];
  /** The fault for this request, if one is due; counts it. */
  decide(point: FaultPoint): FaultAction | undefined;
};

/** Mulberry32: small, seeded, good enough to repeat a run. */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

/** Fault rules of both emulators. The same seed and requests give the same faults. */
export const createFaults = (seed = 1): Faults => {
  const random = randomFrom(seed);
  let entries: { rule: FaultRule; hits: number; seen: number }[] = [];
  return {
    add: (rule) => {
      entries.push({ rule, hits: 0, seen: 0 });
    },
    clear: () => {
      entries = [];
    },
    list: () => entries.map(({ rule, hits }) => ({ rule, hits })),
    decide: ({ service, operation, resource }) => {
      for (const entry of entries) {
        const { rule } = entry;
        if (rule.service !== service) continue;
        if (rule.operation === undefined ? operation.includes(".") : rule.operation !== operation)
          continue;
        if (rule.resource !== undefined && !resource.includes(rule.resource)) continue;
        if (entry.hits >= (rule.times ?? Number.POSITIVE_INFINITY)) continue;
        entry.seen += 1;
        if (entry.seen <= (rule.skip ?? 0)) continue;
        if (random() >= (rule.probability ?? 1)) continue;
        entry.hits += 1;
        return rule.action;
      }
      return undefined;
    },
  };
};
