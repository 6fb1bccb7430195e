import type { AcceptedCopies, HeldItems } from "./accepted-copies.ts";
import type { AcceptedLedger } from "./accepted-ledger.ts";
import type { Claim, Idempotency } from "./idempotency.ts";
import type { ItemRefusal } from "./ingest-body.ts";
import {
  type KeyedBatch,
  type PutRecordsEngine,
  type SubmitResult,
  UNCONFIRMED,
} from "./put-records-engine.ts";
import { routeOf, type Signal, STREAM_KINDS, type StreamKind, streamKindOf } from "./signals.ts";

/** One item of a request, cut out and checked: a JSON object on one line. */
export type SignalItem = {
  /** Position among the items of the request, which the answer names it by. */
  readonly index: number;
  readonly signal: Signal;
  /** As `serviceOf` finds it in the bytes: the ledger compares what both ends count by it. */
  readonly service: string;
  /** Copied before `submit` resolves. With its route it must fit a record (`maxItemBytes`). */
  readonly bytes: Uint8Array;
};

/** What takes the items of one stream. */
export type StreamIntake = {
  readonly name: string;
  /** Undefined where KINESIS_ENABLED is false: items are counted and go nowhere. */
  readonly engine: PutRecordsEngine | undefined;
  /** Takes note of accepted items before they are answered. */
  readonly ledger?: AcceptedLedger | undefined;
  /** Undefined where the `Idempotency-Key` header means nothing. */
  readonly idempotency?: Idempotency | undefined;
};

export type StreamIntakes = Readonly<Record<StreamKind, StreamIntake>>;

/** An `Idempotency-Key`, and what tells the body it came with from every other one. */
export type BatchKey = { readonly key: string; readonly digest: string };

export type BatchOutcome = {
  /** Items that Kinesis or the spool has. */
  readonly accepted: number;
  readonly acceptedBySignal: Readonly<Record<Signal, number>>;
  /** The others, by ascending index: to be sent again where `retryable`. */
  readonly errors: readonly ItemRefusal[];
};

type ClaimRefusal = Exclude<Claim["kind"], "take">;

export type Submission =
  /** The key forbids it, and nothing was taken. */
  | { readonly ok: false; readonly kind: ClaimRefusal }
  | {
      readonly ok: true;
      /** Nothing was left to take: the answer is that of the first time. */
      readonly isReplay: boolean;
      /** Resolves within the request deadline. Must be awaited. */
      readonly outcome: Promise<BatchOutcome>;
    };

type Part = { readonly intake: StreamIntake; readonly items: readonly SignalItem[] };
type ClaimedPart = Part & { readonly claim: Extract<Claim, { kind: "take" }> | undefined };
/** Holds no bytes of the body, save where side effects want them. */
type SentPart = Omit<ClaimedPart, "items"> & {
  readonly items: readonly Omit<SignalItem, "bytes">[];
  readonly submitted: Promise<SubmitResult> | undefined;
  readonly held: HeldItems | undefined;
};
type Failure = { readonly position: number; readonly code: string; readonly reason: string };

/** What of a batch did not get through: of those that were submitted, the rest is accepted. */
const failuresOf = (
  result: SubmitResult,
  count: number,
  batch: KeyedBatch | undefined,
): readonly Failure[] => {
  if (result.ok) return result.failures;
  const { code, reason } = result;
  const positions = batch?.open ?? Array.from({ length: count }, (_, position) => position);
  return [...positions].map((position) => ({ position, code, reason }));
};

/**
 * The one way from a request into the streams, for whatever route has cut the items: logs go to
 * the logs stream, metrics and APM to the metrics stream, each with that stream's queue and
 * back-pressure, spool, ledger and memory of keys. A route
 * 1. cuts its body into items, refusing those that cannot be sent;
 * 2. awaits `submit`, after which it may let go of the body;
 * 3. awaits `outcome`, adds its own refusals, and answers. An item that is not among the errors is
 *    kept; `statusOf` and `retryAfterOf` (routes/ingest-answer.ts) say what to answer.
 */
export const createSignalDoor = (intakes: StreamIntakes, copies?: AcceptedCopies) => {
  const all = STREAM_KINDS.map((kind) => intakes[kind]);

  /** By stream; with no items at all the home stream still has the key. */
  const splitByStream = (items: readonly SignalItem[], home: Signal): Part[] => {
    const parts = STREAM_KINDS.map((kind) => ({
      intake: intakes[kind],
      items: items.filter(({ signal }) => streamKindOf(signal) === kind),
    })).filter((part) => part.items.length > 0);
    return parts.length > 0 ? parts : [{ intake: intakes[streamKindOf(home)], items: [] }];
  };

  /** Nothing waits between looking at all streams and claiming the key in those that are met. */
  const claimAll = async (
    parts: readonly Part[],
    { key, digest }: BatchKey,
  ): Promise<ClaimedPart[] | ClaimRefusal> => {
    const looks = all.map(({ idempotency }) => idempotency?.look(key, digest));
    if (looks.includes("mismatch")) return "mismatch";
    if (looks.includes("inProgress")) return "inProgress";
    const claims = await Promise.all(
      parts.map(({ intake }) => intake.idempotency?.claim(key, digest)),
    );
    const refused = claims.find((claim) => claim !== undefined && claim.kind !== "take")?.kind;
    const taken = parts.map((part, at) => {
      const claim = claims[at];
      return { ...part, claim: claim?.kind === "take" ? claim : undefined };
    });
    if (refused === undefined) return taken;
    for (const { intake, claim } of taken)
      if (claim !== undefined) intake.idempotency?.abandon(key);
    return refused;
  };

  const send = ({ intake, items, claim }: ClaimedPart): SentPart => ({
    intake,
    claim,
    items: items.map(({ index, signal, service }) => ({ index, signal, service })),
    submitted: intake.engine?.submit(
      items.map(({ signal, service, bytes }) => ({ service: routeOf(signal, service), bytes })),
      claim?.batch,
    ),
    held: copies?.hold(items),
  });

  const settle = async (part: SentPart): Promise<readonly Failure[]> => {
    const { intake, items, claim, submitted, held } = part;
    const { ledger, idempotency } = intake;
    const batch = claim?.batch;
    try {
      const result = (await submitted) ?? { ok: true, failures: [] };
      const failures = failuresOf(result, items.length, batch);
      const isSure = failures.every(({ code }) => code !== UNCONFIRMED);
      const refused = failures.map(({ position }) => position);
      // Before the key is done with: whoever is killed in between knows the batch as counted.
      const keyed = batch && { key: batch.key, open: batch.open };
      await ledger?.record({ services: items.map(({ service }) => service), refused, keyed });
      const isRefused = new Set(refused);
      held?.release((at) => !isRefused.has(at) && (batch?.open?.has(at) ?? true));
      if (batch === undefined) return failures;
      await idempotency?.finish(batch.key, refused, isSure);
      if (isSure) ledger?.settle(batch.key, refused);
      return failures;
    } catch (error) {
      held?.release(() => false);
      if (batch !== undefined) idempotency?.abandon(batch.key);
      throw error;
    }
  };

  const settleAll = async (parts: readonly SentPart[]): Promise<BatchOutcome> => {
    const failures = await Promise.all(parts.map(settle));
    const acceptedBySignal = { logs: 0, metrics: 0, apm: 0 };
    const errors: ItemRefusal[] = [];
    for (const [at, { items }] of parts.entries()) {
      for (const { signal } of items) acceptedBySignal[signal] += 1;
      for (const { position, code, reason } of failures[at] ?? []) {
        const item = items[position];
        if (item === undefined) continue;
        acceptedBySignal[item.signal] -= 1;
        errors.push({ index: item.index, code, reason, retryable: code !== "BATCH_TOO_LARGE" });
      }
    }
    const { logs, metrics, apm } = acceptedBySignal;
    return {
      accepted: logs + metrics + apm,
      acceptedBySignal,
      errors: errors.sort((a, b) => a.index - b.index),
    };
  };

  return {
    /** False where nothing is stored at all. */
    isStoring: all.some(({ engine }) => engine !== undefined),
    /** How long keys are remembered, milliseconds; 0 where they mean nothing. */
    keyWindowMs: Math.min(
      ...all.map(({ engine, idempotency }) =>
        engine === undefined ? 0 : (idempotency?.windowMs ?? 0),
      ),
    ),
    /**
     * Resolves once the items are copied, and with a key once it is on the disk. `home` is the
     * signal of the path, under whose stream a batch without items is remembered.
     */
    submit: async (
      items: readonly SignalItem[],
      home: Signal,
      key?: BatchKey | undefined,
    ): Promise<Submission> => {
      const parts = splitByStream(items, home);
      const claimed =
        key === undefined
          ? parts.map((part) => ({ ...part, claim: undefined }))
          : await claimAll(parts, key);
      if (typeof claimed === "string") return { ok: false, kind: claimed };
      return {
        ok: true,
        isReplay: claimed.every(({ claim }) => claim?.isReplay === true),
        outcome: settleAll(claimed.map(send)),
      };
    },
    /** The streams there are, with what their engines say; undefined where there is none. */
    streams: () =>
      STREAM_KINDS.map((kind) => ({
        kind,
        name: intakes[kind].name,
        stats: intakes[kind].engine?.stats(),
      })),
  };
};

export type SignalDoor = ReturnType<typeof createSignalDoor>;
export type StreamStatus = ReturnType<SignalDoor["streams"]>[number];
