import { parseShardState, type ShardState, shardStateKey } from "../consumer-state.ts";
import { addCounts, type CountsByService } from "../ledger-counts.ts";
import type { ProgressState } from "./lanes.ts";
import type { ShardDescription } from "./source.ts";

/** What a batch's handler says it wrote; the counters of the shard state. */
export type BatchTotals = {
  readonly lines: number;
  readonly bytes: number;
  readonly parts: readonly unknown[];
  readonly quarantined: number;
  /** By service: lines, and pieces quarantined. */
  readonly services?: CountsByService;
};

/** The state of a shard nothing was read from yet. */
export const initialShardState = (
  stream: string,
  streamCreatedAt: string,
  { shardId, parentShardIds }: ShardDescription,
): ShardState => ({
  version: 1,
  stream,
  shardId,
  streamCreatedAt,
  parentShardIds: [...parentShardIds],
  sequenceNumber: null,
  drained: false,
  records: 0,
  lines: 0,
  bytes: 0,
  parts: 0,
  quarantined: 0,
  failedBatches: 0,
  lastBatchAt: null,
  lastBatchRecords: 0,
  lastPolledAt: null,
  millisBehindLatest: null,
  error: null,
});

export type RestoredState =
  | { readonly kind: "new"; readonly state: ShardState }
  | { readonly kind: "resumed"; readonly state: ShardState }
  /** The stored state is of a deleted stream of the same name. */
  | { readonly kind: "replaced"; readonly state: ShardState; readonly old: ShardState };

/**
 * The state to go on from. Throws when the stored text is not a checkpoint of this very shard: a
 * person has to look, since any guess would skip records or store them twice.
 */
export const restoreShardState = (
  text: string | undefined,
  stream: string,
  streamCreatedAt: string,
  shard: ShardDescription,
): RestoredState => {
  const fresh = initialShardState(stream, streamCreatedAt, shard);
  if (text === undefined) return { kind: "new", state: fresh };
  const key = shardStateKey(stream, shard.shardId);
  const stored = parseShardState(key, text);
  if (stored.stream !== stream || stored.shardId !== shard.shardId)
    throw new Error(`Checkpoint ${key} is of ${stored.stream} ${stored.shardId}.`);
  if (stored.streamCreatedAt !== streamCreatedAt)
    return {
      kind: "replaced",
      // What was stored stays stored, whatever became of the stream it came through.
      state: stored.services === undefined ? fresh : { ...fresh, services: stored.services },
      old: stored,
    };
  const lanes = stored.lanes ?? [];
  for (const number of [
    stored.sequenceNumber,
    stored.pendingUntil ?? null,
    ...lanes.flatMap((lane) => [lane.sequenceNumber, lane.pendingUntil]),
  ])
    if (number !== null && !/^(0|[1-9]\d{0,128})$/.test(number))
      throw new Error(`Checkpoint ${key} has ${number} as its sequence number.`);
  return { kind: "resumed", state: { ...stored, error: null } };
};

/** The state after `recordCount` more records became durable. */
export const advanceShardState = (
  state: ShardState,
  progress: ProgressState,
  recordCount: number,
  totals: BatchTotals | null,
  nowIso: string,
): ShardState => ({
  ...state,
  ...progress,
  records: state.records + recordCount,
  lines: state.lines + (totals?.lines ?? 0),
  bytes: state.bytes + (totals?.bytes ?? 0),
  parts: state.parts + (totals?.parts.length ?? 0),
  quarantined: state.quarantined + (totals?.quarantined ?? 0),
  ...(totals?.services === undefined
    ? {}
    : { services: addCounts(state.services ?? {}, Object.entries(totals.services)) }),
  lastBatchAt: nowIso,
  lastBatchRecords: recordCount,
});
