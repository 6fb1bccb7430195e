import { v5 as uuidv5 } from "uuid";
import type { ShardOrigin } from "./kinesis-event.ts";

/** Fixed for ever: redelivery must find the object it wrote before. */
const PART_NAMESPACE = "b2c1f1f6-6a0e-5d43-8f39-0d1f5c9e7a64";

/** Where in the stream a line was found: `index` counts the pieces of one record from 0. */
export type LinePosition = { readonly sequenceNumber: string; readonly index: number };

/**
 * `part-<uuid>` of a group of lines, from its place in the stream alone: the same group found again
 * from the same first line has the same name, so that a redelivered batch overwrites.
 */
export const partName = (
  origin: ShardOrigin,
  first: LinePosition,
  value: string,
  hour: number,
): string => {
  const identity = [
    origin.streamArn,
    origin.shardId,
    first.sequenceNumber,
    first.index,
    value,
    hour,
  ];
  return `part-${uuidv5(identity.join("|"), PART_NAMESPACE)}`;
};
