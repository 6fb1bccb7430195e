import * as z from "zod";
import { createIdRanges, type IdRange } from "./id-ranges.ts";
import {
  type Counts,
  type CountsByService,
  countsByServiceSchema,
  createTally,
  ledgerName,
  totalOf,
} from "./ledger-counts.ts";

/** What one request came to, log by log. */
export type AnsweredBatch = {
  /** Of the logs that were submitted, in their order. */
  readonly services: readonly string[];
  /** Positions among them that were refused. */
  readonly refused: readonly number[];
  /** Set where the batch came with an `Idempotency-Key`. */
  readonly keyed?:
    | {
        readonly key: string;
        /** Positions that were still to be taken; all where undefined. */
        readonly open: ReadonlySet<number> | undefined;
      }
    | undefined;
};

/** Takes note of what was answered. */
export type AcceptedLedger = {
  /** Resolves once a kill of the process can no longer lose the counts. Never rejects. */
  record(batch: AnsweredBatch): Promise<void>;
  /**
   * To be called once a restart knows what was taken of a batch with a key, and that only these
   * positions are still open: until then its repeats are told by the counts alone.
   */
  settle(key: string, open: readonly number[]): void;
};

/** Positions of a batch that were counted, and may come again as if they had not been taken. */
export type CountedInPart = { readonly key: string; readonly positions: readonly IdRange[] };

export type AcceptedCounts = {
  /** By service: logs answered as accepted, and those of them that had been before. */
  readonly services: CountsByService;
  /** Oldest first. */
  readonly inPart: readonly CountedInPart[];
};

/** What has to be on the disk before the answer goes out. All values are absolute. */
export type AcceptedChange = {
  readonly services: CountsByService;
  /** Undefined removes it. */
  readonly inPart?: { readonly key: string; readonly positions: readonly IdRange[] | undefined };
};

/** Past it the oldest are forgotten: a restart may then count a few logs twice. */
const MAX_IN_PART = 10_000;

export const NOTHING_ACCEPTED: AcceptedCounts = { services: {}, inPart: [] };

/**
 * Counts accepted logs by service. A log under an `Idempotency-Key` counts once however often its
 * batch comes and whichever process answers: repeats count as deduplicated.
 */
export const createAcceptedCounts = (
  restored: AcceptedCounts,
  allowedServices: ReadonlySet<string> | undefined,
) => {
  const tally = createTally(restored.services);
  const inPart = new Map(restored.inPart.map(({ key, positions }) => [key, positions]));

  /** Remembers these positions of a batch; none forgets it. */
  const remember = (key: string, positions: readonly IdRange[]): AcceptedChange["inPart"] => {
    const wasKnown = inPart.delete(key);
    if (positions.length === 0) return wasKnown ? { key, positions: undefined } : undefined;
    inPart.set(key, positions);
    const oldest = inPart.keys().next();
    if (inPart.size > MAX_IN_PART && !oldest.done) inPart.delete(oldest.value);
    return { key, positions };
  };

  return {
    /** What changed; undefined where nothing did. */
    count: ({ services: names, refused, keyed }: AnsweredBatch): AcceptedChange | undefined => {
      const isRefused = new Set(refused);
      const before = createIdRanges(keyed === undefined ? [] : (inPart.get(keyed.key) ?? []));
      // What a later answer may be asked about as if it had never been taken.
      const unsettled = createIdRanges();
      const sums = new Map<string, Counts>();
      for (const [position, service] of names.entries()) {
        if (isRefused.has(position)) {
          if (before.has(position)) unsettled.add(position);
          continue;
        }
        const isRepeat =
          keyed !== undefined && (before.has(position) || !(keyed.open?.has(position) ?? true));
        if (keyed !== undefined && (before.has(position) || (keyed.open?.has(position) ?? true)))
          unsettled.add(position);
        const [accepted, deduplicated] = sums.get(service) ?? [0, 0];
        sums.set(service, [accepted + 1, deduplicated + (isRepeat ? 1 : 0)]);
      }
      const remembered = keyed && remember(keyed.key, unsettled.list());
      if (sums.size === 0 && remembered === undefined) return undefined;
      const changed = [...sums].map(([service, count]) =>
        tally.add(ledgerName(service, allowedServices), count),
      );
      return {
        services: Object.fromEntries(changed),
        ...(remembered === undefined ? {} : { inPart: remembered }),
      };
    },
    /** What a restart knows of a batch need not be known here; undefined where nothing was. */
    settle: (key: string, open: readonly number[]): AcceptedChange | undefined => {
      const counted = inPart.get(key);
      if (counted === undefined) return undefined;
      const before = createIdRanges(counted);
      const left = createIdRanges();
      for (const position of open) if (before.has(position)) left.add(position);
      const remembered = remember(key, left.list());
      return { services: {}, ...(remembered === undefined ? {} : { inPart: remembered }) };
    },
    read: (): AcceptedCounts => ({
      services: tally.read(),
      inPart: [...inPart].map(([key, positions]) => ({ key, positions })),
    }),
  };
};

/** What an ingestion interface tells of itself, as one object in the bucket. */
export const ingestAccountSchema = z.object({
  version: z.literal(1),
  stream: z.string(),
  /** Stays the same over restarts on the same disk. */
  instance: z.string(),
  /** By service, since ever: logs answered as accepted, and those of them answered so before. */
  services: countsByServiceSchema,
  /** When a log was last accepted, or sent from the spool, or something waited; ISO 8601. */
  lastMovedAt: z.string(),
  /** Accepted, on this instance's disk, and not in Kinesis yet. */
  spooledLogs: z.number().int(),
  /** Not answered yet. */
  queuedLogs: z.number().int(),
  publishedAt: z.string(),
  /** The process has ended in good order. */
  isClosed: z.boolean(),
});

export type IngestAccount = z.infer<typeof ingestAccountSchema>;

/** `_state/~ingest/<stream>/`: no stream's own prefix, since no stream's name holds a `~`. */
export const ingestAccountPrefix = (stream: string): string => `_state/~ingest/${stream}/`;

export const ingestAccountKey = (stream: string, instance: string): string =>
  `${ingestAccountPrefix(stream)}${instance}.json`;

/** Throws an error that names the key when the text is no account. */
export const parseIngestAccount = (key: string, text: string): IngestAccount => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${key} is not JSON.`, { cause });
  }
  const parsed = ingestAccountSchema.safeParse(value);
  if (!parsed.success) throw new Error(`${key} is no account: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
};

/** Accepted logs that are expected to be stored or quarantined, of all services. */
export const expectedOf = ({ services }: Pick<IngestAccount, "services">): number => {
  const [accepted, deduplicated] = totalOf(services);
  return accepted - deduplicated;
};
