import type { ShardState } from "../consumer-state.ts";
import { EVENT_SOURCE_MAX_PARALLELIZATION_FACTOR } from "../limits.ts";

/** Throws what Lambda would refuse as its parallelization factor. */
export const assertParallelizationFactor = (factor: number): void => {
  if (!Number.isInteger(factor) || factor < 1 || factor > EVENT_SOURCE_MAX_PARALLELIZATION_FACTOR)
    throw new RangeError(
      `The parallelization factor is ${factor}; it must be 1 to ${EVENT_SOURCE_MAX_PARALLELIZATION_FACTOR}.`,
    );
};

/**
 * The lane of a partition key among `laneCount`: always the same one, so that its records stay in
 * order. FNV-1a with a final mix, since few keys must spread too.
 */
export const laneOf = (partitionKey: string, laneCount: number): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < partitionKey.length; at += 1) {
    hash ^= partitionKey.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) % laneCount;
};

export type LaneProgress = NonNullable<ShardState["lanes"]>[number];

/** The part of a shard's state that says how far it came. */
export type ProgressState = Required<Pick<ShardState, "sequenceNumber" | "pendingUntil">> & {
  /** Undefined with one lane. */
  lanes: ShardState["lanes"];
};

const isAfter = (number: string | null | undefined, other: string | null): boolean =>
  number != null && (other === null || BigInt(number) > BigInt(other));

const later = (a: string | null, b: string | null): string | null => (isAfter(b, a) ? b : a);

/** The lanes as stored; one where the state knows of none. */
export const storedLanes = ({ sequenceNumber, pendingUntil, lanes }: ShardState): LaneProgress[] =>
  lanes === undefined || lanes.length < 2
    ? [{ sequenceNumber, pendingUntil: pendingUntil ?? null }]
    : lanes.map((lane) => ({ ...lane }));

/**
 * With which lanes to go on when `factor` are wanted. While some are ahead of the checkpoint, or in
 * the middle of a batch, the stored ones have to finish up to `until`: other lanes would batch the
 * same records anew, and store some of them twice.
 */
export const resumeLanes = (
  state: ShardState,
  factor: number,
): { lanes: LaneProgress[]; until: string | null } => {
  const lanes = storedLanes(state);
  if (lanes.length === factor) return { lanes, until: null };
  let furthest = state.sequenceNumber;
  for (const { sequenceNumber, pendingUntil } of lanes)
    furthest = later(later(furthest, sequenceNumber), pendingUntil);
  if (isAfter(furthest, state.sequenceNumber)) return { lanes, until: furthest };
  return { lanes: freshLanes(factor, state.sequenceNumber), until: null };
};

export const freshLanes = (factor: number, sequenceNumber: string | null): LaneProgress[] =>
  Array.from({ length: factor }, () => ({ sequenceNumber, pendingUntil: null }));

type Entry = { readonly sequenceNumber: string; isDone: boolean };

/** Follows which records of a shard are done when several lanes work on it. */
export type LaneTracker = {
  /** True when this lane has done the record in an earlier life. */
  isDone(lane: number, sequenceNumber: string): boolean;
  /** Tells of the next record of the shard, in order. */
  add(lane: number, sequenceNumber: string): void;
  /** The lane begins a batch that ends with this record. */
  begin(lane: number, until: string | null): void;
  /** The first `count` records the lane has not done yet are durable. */
  finish(lane: number, count: number): void;
  progress(): ProgressState;
};

export const createLaneTracker = (
  checkpoint: string | null,
  restored: readonly LaneProgress[],
): LaneTracker => {
  const lanes = restored.map((lane) => ({ ...lane, open: [] as Entry[] }));
  const laneAt = (index: number) => {
    const lane = lanes[index];
    if (lane === undefined) throw new RangeError(`There is no lane ${index}.`);
    return lane;
  };
  let entries: Entry[] = [];
  let sequenceNumber = checkpoint;

  /** The checkpoint moves up to the first record that is not done. */
  const settle = (): void => {
    const firstOpen = entries.findIndex(({ isDone }) => !isDone);
    const doneCount = firstOpen < 0 ? entries.length : firstOpen;
    if (doneCount === 0) return;
    sequenceNumber = entries[doneCount - 1]?.sequenceNumber ?? sequenceNumber;
    entries = entries.slice(doneCount);
  };

  return {
    isDone: (lane, number) => !isAfter(number, laneAt(lane).sequenceNumber),
    add: (index, number) => {
      const lane = laneAt(index);
      const entry = { sequenceNumber: number, isDone: !isAfter(number, lane.sequenceNumber) };
      entries.push(entry);
      if (entry.isDone) settle();
      else lane.open.push(entry);
    },
    begin: (lane, until) => {
      laneAt(lane).pendingUntil = until;
    },
    finish: (index, count) => {
      const lane = laneAt(index);
      const done = lane.open.splice(0, count);
      for (const entry of done) entry.isDone = true;
      lane.sequenceNumber = done.at(-1)?.sequenceNumber ?? lane.sequenceNumber;
      settle();
    },
    progress: () => {
      const [only] = lanes;
      if (lanes.length === 1 && only !== undefined)
        return { sequenceNumber, pendingUntil: only.pendingUntil, lanes: undefined };
      return {
        sequenceNumber,
        pendingUntil: null,
        lanes: lanes.map((lane) => ({
          sequenceNumber: lane.sequenceNumber,
          pendingUntil: lane.pendingUntil,
        })),
      };
    },
  };
};
