import { PUT_RECORDS_MAX_BYTES, PUT_RECORDS_MAX_ENTRIES, RECORD_MAX_BYTES } from "./limits.ts";
import type { RecordEntry } from "./ports.ts";
import type { Attempt } from "./record-lookup.ts";
import { growRecord, type RecordSize, type Segment, toRecord } from "./record-packer.ts";
import type { BatchTag } from "./spool.ts";

export type Parcel = {
  /** Undefined once its request was answered without it. */
  segment: Segment | undefined;
  /** A tagged parcel is a record of its own, so that it can be recognised in the stream. */
  readonly tag: BatchTag | undefined;
  /** Set where it may be in the stream already: it is looked for before it is sent. */
  attempt: Attempt | undefined;
};

export type SendFailure = { readonly code: string; readonly message: string };

/** What waits for one partition key. */
export type Lane<P extends Parcel> = {
  readonly partitionKey: string;
  waiting: P[];
  waitingBytes: number;
  isInFlight: boolean;
  /** Waits for what the spool still has of this partition key. */
  isBlocked: boolean;
  /** Failed sends in a row, and the last of them. */
  failures: number;
  lastFailure: SendFailure | undefined;
  /** Epoch milliseconds; nothing is sent before. */
  notBefore: number;
  /** Most bytes of one call: what a failing shard took last, doubled with every clean call. */
  windowBytes: number;
};

/** One entry of a call and what it is made of. */
export type CallEntry<P extends Parcel> = {
  readonly lane: Lane<P>;
  readonly record: RecordEntry;
  readonly parcels: readonly P[];
};

export type LaneOutcome<P extends Parcel> = {
  /** To be sent again, in the order they were sent. */
  readonly failed: readonly P[];
  readonly failure: SendFailure | undefined;
  readonly acceptedBytes: number;
};

export type LanesOptions = {
  readonly packBytes: number;
  /** Wait after so many failures in a row. */
  readonly backoffMs: (failures: number) => number;
};

/**
 * Queues of parcels by partition key. A lane with entries in flight gives nothing out, so that a
 * service's later logs never overtake its earlier ones that are being retried.
 */
export const createLanes = <P extends Parcel>({ packBytes, backoffMs }: LanesOptions) => {
  const lanes = new Map<string, Lane<P>>();
  /** Something waiting, nothing in flight, no back-off; in the order of their turns. */
  const ready = new Set<Lane<P>>();
  const delayed = new Set<Lane<P>>();

  const laneOf = (partitionKey: string): Lane<P> => {
    let lane = lanes.get(partitionKey);
    if (lane === undefined) {
      lane = {
        partitionKey,
        waiting: [],
        waitingBytes: 0,
        isInFlight: false,
        isBlocked: false,
        failures: 0,
        lastFailure: undefined,
        notBefore: 0,
        windowBytes: PUT_RECORDS_MAX_BYTES,
      };
      lanes.set(partitionKey, lane);
    }
    return lane;
  };

  const place = (lane: Lane<P>, now: number): void => {
    ready.delete(lane);
    delayed.delete(lane);
    if (lane.isInFlight) return;
    if (lane.waiting.length === 0) lanes.delete(lane.partitionKey);
    else if (lane.isBlocked) return;
    else if (lane.notBefore > now) delayed.add(lane);
    else ready.add(lane);
  };

  /** The lane's next record from `head` on within `room`, and where the one after it begins. */
  const takeRecord = (
    lane: Lane<P>,
    head: number,
    room: number,
  ): { entry: CallEntry<P> | undefined; size: number; next: number } => {
    const parcels: P[] = [];
    const segments: Segment[] = [];
    let record: RecordSize | undefined;
    let size = 0;
    let next = head;
    for (; next < lane.waiting.length; next += 1) {
      const parcel = lane.waiting[next];
      if (parcel?.segment === undefined) continue;
      const { segment } = parcel;
      if (parcel.attempt !== undefined) break;
      if (parcel.tag !== undefined && record !== undefined) break;
      const grown = growRecord(record, segment, packBytes);
      if (grown === undefined || grown.data + segment.keyBytes > room) break;
      record = grown;
      size = grown.data + segment.keyBytes;
      parcels.push(parcel);
      segments.push(segment);
      if (parcel.tag !== undefined) {
        next += 1;
        break;
      }
    }
    const [first, ...rest] = segments;
    if (first === undefined) return { entry: undefined, size: 0, next };
    return { entry: { lane, record: toRecord([first, ...rest]), parcels }, size, next };
  };

  return {
    push: (parcel: P, now: number): void => {
      const { segment } = parcel;
      if (segment === undefined) return;
      const lane = laneOf(segment.partitionKey);
      lane.waiting.push(parcel);
      lane.waitingBytes += segment.data.length;
      if (!lane.isInFlight && !lane.isBlocked && lane.notBefore <= now) ready.add(lane);
    },

    /** As push, for a partition key of which the spool has something: to be sent after `unblock`. */
    pushBlocked: (parcel: P): void => {
      if (parcel.segment === undefined) return;
      const lane = laneOf(parcel.segment.partitionKey);
      lane.isBlocked = true;
      lane.waiting.push(parcel);
      lane.waitingBytes += parcel.segment.data.length;
    },

    unblock: (partitionKey: string, now: number): void => {
      const lane = lanes.get(partitionKey);
      if (lane === undefined || !lane.isBlocked) return;
      lane.isBlocked = false;
      place(lane, now);
    },

    /** Drops a waiting parcel's bytes at once; its place in the queue goes when its turn comes. */
    drop: (parcel: P): void => {
      if (parcel.segment === undefined) return;
      const lane = lanes.get(parcel.segment.partitionKey);
      if (lane !== undefined) lane.waitingBytes -= parcel.segment.data.length;
      parcel.segment = undefined;
    },

    get: (partitionKey: string): Lane<P> | undefined => lanes.get(partitionKey),
    all: (): Lane<P>[] => [...lanes.values()],

    /** Takes a lane out of the engine and returns what waited in it. */
    remove: (lane: Lane<P>): P[] => {
      ready.delete(lane);
      delayed.delete(lane);
      lanes.delete(lane.partitionKey);
      return lane.waiting.filter(({ segment }) => segment !== undefined);
    },

    lastFailureOf: (partitionKey: string): SendFailure | undefined =>
      lanes.get(partitionKey)?.lastFailure,

    hasReady: (): boolean => ready.size > 0,

    /** Whether what is ready would fill a call, as near as can be told without packing it. */
    isCallFull: (): boolean => {
      let entries = 0;
      let bytes = 0;
      for (const lane of ready) {
        const records = packBytes === 0 ? lane.waiting.length : lane.waitingBytes / packBytes;
        entries += Math.max(1, Math.floor(records));
        bytes += lane.waitingBytes;
        if (entries >= PUT_RECORDS_MAX_ENTRIES || bytes >= PUT_RECORDS_MAX_BYTES) return true;
      }
      return false;
    },

    /** What comes next in its lane and has to be looked for first; of one attempt in each lane. */
    takeUnsure: (): CallEntry<P>[] => {
      const entries: CallEntry<P>[] = [];
      for (const lane of ready) {
        const attempt = lane.waiting.find(({ segment }) => segment !== undefined)?.attempt;
        if (attempt === undefined) continue;
        let head = 0;
        for (; head < lane.waiting.length; head += 1) {
          const parcel = lane.waiting[head];
          if (parcel?.segment === undefined) continue;
          if (parcel.attempt !== attempt) break;
          entries.push({ lane, record: toRecord([parcel.segment]), parcels: [parcel] });
          lane.waitingBytes -= parcel.segment.data.length;
          lane.isInFlight = true;
        }
        lane.waiting = lane.waiting.slice(head);
        ready.delete(lane);
      }
      return entries;
    },

    /** The next call, within the limits of PutRecords; empty where only dropped parcels waited. */
    takeCall: (now: number): CallEntry<P>[] => {
      const entries: CallEntry<P>[] = [];
      let room = PUT_RECORDS_MAX_BYTES;
      for (const lane of [...ready]) {
        if (entries.length === PUT_RECORDS_MAX_ENTRIES) break;
        let laneRoom = Math.min(room, lane.windowBytes);
        let head = 0;
        while (entries.length < PUT_RECORDS_MAX_ENTRIES) {
          const { entry, size, next } = takeRecord(lane, head, laneRoom);
          head = next;
          if (entry === undefined) break;
          entries.push(entry);
          lane.isInFlight = true;
          lane.waitingBytes -= entry.record.data.length - (entry.parcels.length - 1);
          room -= size;
          laneRoom -= size;
        }
        if (head > 0) lane.waiting = lane.waiting.slice(head);
        // A lane whose next record did not fit keeps its turn, and is the first of the next call.
        if (lane.isInFlight || lane.waiting.length === 0) place(lane, now);
      }
      return entries;
    },

    /** Ends a lane's part in a call: what failed goes back to the front of its queue. */
    settle: (lane: Lane<P>, outcome: LaneOutcome<P>, now: number): void => {
      const { failed, failure, acceptedBytes } = outcome;
      lane.isInFlight = false;
      lane.lastFailure = failure;
      if (failure === undefined) {
        lane.failures = 0;
        lane.windowBytes = Math.min(lane.windowBytes * 2, PUT_RECORDS_MAX_BYTES);
      } else {
        lane.failures = acceptedBytes > 0 ? 1 : lane.failures + 1;
        lane.windowBytes = Math.max(acceptedBytes, RECORD_MAX_BYTES);
        lane.notBefore = now + backoffMs(lane.failures);
      }
      const again = failed.filter(({ segment }) => segment !== undefined);
      if (again.length > 0) lane.waiting = [...again, ...lane.waiting];
      for (const { segment } of again) lane.waitingBytes += segment?.data.length ?? 0;
      place(lane, now);
    },

    /** Gives lanes whose back-off is over their turn. */
    wake: (now: number): void => {
      for (const lane of [...delayed]) if (lane.notBefore <= now) place(lane, now);
    },

    /** Epoch milliseconds of the next end of a back-off. */
    nextWakeAt: (): number | undefined => {
      let next: number | undefined;
      for (const { notBefore } of delayed)
        if (next === undefined || notBefore < next) next = notBefore;
      return next;
    },
  };
};

export type Lanes<P extends Parcel> = ReturnType<typeof createLanes<P>>;
