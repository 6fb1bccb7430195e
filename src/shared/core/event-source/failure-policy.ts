import {
  EVENT_SOURCE_MAX_RECORD_AGE_SECONDS,
  EVENT_SOURCE_MAX_RETRY_ATTEMPTS,
  EVENT_SOURCE_MIN_RECORD_AGE_SECONDS,
} from "../limits.ts";
import type { StreamRecord } from "./source.ts";

/** What to do about batches that fail. */
export type FailurePolicy = {
  /** Infinity: until it succeeds. */
  readonly maxRetries: number;
  /** Records older than this are given up; Infinity: never. */
  readonly maxRecordAgeMs: number;
  readonly splitsOnError: boolean;
};

export const RETRY_FOREVER: FailurePolicy = {
  maxRetries: Infinity,
  maxRecordAgeMs: Infinity,
  splitsOnError: false,
};

const UNLIMITED = -1;

const isWithin = (value: number, min: number, max: number): boolean =>
  value === UNLIMITED || (Number.isInteger(value) && value >= min && value <= max);

/**
 * Lambda's settings as a policy; -1 is no limit. Throws what Lambda would refuse.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
 */
export const failurePolicy = (
  maximumRetryAttempts: number,
  maximumRecordAgeSeconds: number,
  bisectBatchOnError: boolean,
): FailurePolicy => {
  if (!isWithin(maximumRetryAttempts, 0, EVENT_SOURCE_MAX_RETRY_ATTEMPTS))
    throw new RangeError(
      `The maximum of retry attempts is ${maximumRetryAttempts}; it must be -1 to ${EVENT_SOURCE_MAX_RETRY_ATTEMPTS}.`,
    );
  const [minAge, maxAge] = [
    EVENT_SOURCE_MIN_RECORD_AGE_SECONDS,
    EVENT_SOURCE_MAX_RECORD_AGE_SECONDS,
  ];
  if (!isWithin(maximumRecordAgeSeconds, minAge, maxAge))
    throw new RangeError(
      `The maximum record age is ${maximumRecordAgeSeconds} s; it must be -1 or ${minAge} to ${maxAge}.`,
    );
  return {
    maxRetries: maximumRetryAttempts === UNLIMITED ? Infinity : maximumRetryAttempts,
    maxRecordAgeMs:
      maximumRecordAgeSeconds === UNLIMITED ? Infinity : maximumRecordAgeSeconds * 1000,
    splitsOnError: bisectBatchOnError,
  };
};

/** A batch that was handed over and not done: `doneCount` records from its front are. */
export type FailedAttempt = {
  readonly count: number;
  readonly doneCount: number;
  /** Retries this batch, or the one it was split from, has used before. */
  readonly retriesUsed: number;
};

export type NextStep =
  /** Hand over what is not done. */
  | { readonly kind: "retry"; readonly retriesUsed: number }
  /** Hand over the first `at` records, then the others. */
  | { readonly kind: "split"; readonly at: number }
  /** Give up what is not done. */
  | { readonly kind: "discard" };

/**
 * Splitting uses no retry. A partly done batch is split where the handler said it failed, any
 * other one in the middle; a single record cannot be split.
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export const afterFailure = (
  { maxRetries, splitsOnError }: FailurePolicy,
  { count, doneCount, retriesUsed }: FailedAttempt,
): NextStep => {
  if (splitsOnError && doneCount > 0) return { kind: "retry", retriesUsed };
  if (splitsOnError && count > 1) return { kind: "split", at: Math.ceil(count / 2) };
  if (retriesUsed >= maxRetries) return { kind: "discard" };
  return { kind: "retry", retriesUsed: retriesUsed + 1 };
};

/** How many records from the front are older than the policy allows. */
export const countTooOld = (
  { maxRecordAgeMs }: FailurePolicy,
  records: readonly StreamRecord[],
  nowMs: number,
): number => {
  const firstYoung = records.findIndex(({ arrivedAtMs }) => nowMs - arrivedAtMs <= maxRecordAgeMs);
  return firstYoung < 0 ? records.length : firstYoung;
};
