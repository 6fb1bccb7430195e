import { isJsonObject } from "../json.ts";

/** What a handler's answer means for its batch: how many records from the front are done. */
export type BatchOutcome =
  | { readonly isDone: true }
  | { readonly isDone: false; readonly doneCount: number; readonly reason: string };

const DONE: BatchOutcome = { isDone: true };
const failed = (reason: string): BatchOutcome => ({ isDone: false, doneCount: 0, reason });

/**
 * Reads a handler's answer as Lambda does with ReportBatchItemFailures: nothing reported is
 * success; of several failures the lowest sequence number counts, and all from there on is tried
 * again; an identifier that is empty, null, misnamed or not of this batch fails the whole batch.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export const interpretResponse = (
  response: unknown,
  sequenceNumbers: readonly string[],
): BatchOutcome => {
  if (response === null || response === undefined) return DONE;
  if (!isJsonObject(response)) return failed("The handler's answer is not an object.");
  const failures = response.batchItemFailures;
  if (failures === null || failures === undefined) return DONE;
  if (!Array.isArray(failures)) return failed("batchItemFailures is not a list.");
  if (failures.length === 0) return DONE;

  let doneCount = sequenceNumbers.length;
  for (const failure of failures) {
    const identifier = isJsonObject(failure) ? failure.itemIdentifier : undefined;
    const index = typeof identifier === "string" ? sequenceNumbers.indexOf(identifier) : -1;
    if (index < 0)
      return failed(`itemIdentifier ${JSON.stringify(identifier)} is no record of the batch.`);
    doneCount = Math.min(doneCount, index);
  }
  const reason = `The handler reported ${sequenceNumbers[doneCount]} as failed.`;
  return { isDone: false, doneCount, reason };
};
