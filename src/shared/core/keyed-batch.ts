import type { OutgoingSegment } from "./put-records-ledger.ts";
import type { Attempt } from "./record-lookup.ts";
import { type OutgoingLog, packSegments } from "./record-packer.ts";

/** A batch with an `Idempotency-Key`: each of its records travels alone, to be recognisable. */
export type KeyedBatch = {
  readonly key: string;
  /** As when the key was first seen, so that the records are the same again. */
  readonly packBytes: number;
  /** Positions that are still to be taken; all where undefined. */
  readonly open?: ReadonlySet<number> | undefined;
  /** Set where an earlier try may have stored some of them. */
  readonly attempt?: Attempt | undefined;
  /** Records known to be in the spool, by their position among the records. */
  readonly spooled?: ReadonlySet<number> | undefined;
};

/** The segments of a batch; of one with a key those that are still to be taken, tagged. */
export const outgoingOf = (
  logs: readonly OutgoingLog[],
  packBytes: number,
  batch: KeyedBatch | undefined,
  /** Records that reached the spool since, by their position among the records. */
  arrived: ReadonlySet<number> = new Set(),
): OutgoingSegment[] => {
  const segments = packSegments(logs, batch?.packBytes ?? packBytes);
  if (batch === undefined) return segments.map((segment) => ({ segment }));
  const { key, open, spooled, attempt } = batch;
  return segments
    .map((segment, ordinal) => ({ segment, attempt, tag: { key, ordinal } }))
    .filter(
      ({ segment, tag }) =>
        !spooled?.has(tag.ordinal) &&
        !arrived.has(tag.ordinal) &&
        (open === undefined || segment.positions.some((position) => open.has(position))),
    );
};
