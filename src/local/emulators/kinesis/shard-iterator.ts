import { SHARD_ITERATOR_MAX_AGE_MS } from "../../../shared/core/limits.ts";
import { invalidArgument, KinesisError } from "./errors.ts";
import type { Tokens } from "./tokens.ts";

/** A read position: where in which shard of which stream, and when it was given out. */
export type ShardIterator = {
  stream: string;
  incarnation: number;
  shardIndex: number;
  /** The next record read is the first one with this ordinal or a later one. */
  ordinal: number;
  createdAt: number;
};

const KIND = "iterator";

/** `Thu Jan 22 01:22:02 UTC 2015`, the way the service writes times in this message. */
const utcText = (time: number): string => {
  const [day, date, month, year, clock] = new Date(time).toUTCString().replace(",", "").split(" ");
  return `${day} ${month} ${date} ${clock} UTC ${year}`;
};

export const sealIterator = (tokens: Tokens, iterator: ShardIterator): string =>
  tokens.seal([
    KIND,
    iterator.stream,
    iterator.incarnation,
    iterator.shardIndex,
    iterator.ordinal,
    iterator.createdAt,
  ]);

/** Reads an iterator. Throws InvalidArgument where it is not ours, ExpiredIterator after 5 minutes. */
export const openIterator = (tokens: Tokens, text: string, now: number): ShardIterator => {
  const value = tokens.open(text);
  if (value?.[0] !== KIND) throw invalidArgument("Invalid ShardIterator.");
  const [, stream, incarnation, shardIndex, ordinal, createdAt] = value as [
    string,
    string,
    number,
    number,
    number,
    number,
  ];
  if (now - createdAt > SHARD_ITERATOR_MAX_AGE_MS)
    throw new KinesisError(
      "ExpiredIteratorException",
      `Iterator expired. The iterator was created at time ${utcText(createdAt)} while right now it is ${utcText(now)} which is further in the future than the tolerated delay of ${SHARD_ITERATOR_MAX_AGE_MS} milliseconds.`,
    );
  return { stream, incarnation, shardIndex, ordinal, createdAt };
};
