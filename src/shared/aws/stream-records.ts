import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { RecordSource } from "../core/dashboard/streams/ports.ts";
import { SourceError } from "../core/event-source/source.ts";
import { toBackendError } from "./backend-errors.ts";
import { createKinesisSource } from "./kinesis-source.ts";

/** What a reader cannot do anything about is told with its code and what to check. */
const translate = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw error instanceof SourceError && error.code === "UNAVAILABLE" && error.cause !== undefined
      ? toBackendError("kinesis", error.cause)
      : error;
  }
};

/** Reads records as the consumer does, for people to look at. Give it a client with one attempt. */
export const createStreamRecordSource = (client: KinesisClient): RecordSource => {
  const source = createKinesisSource(client);
  return {
    getIterator: (...request) => translate(source.getIterator(...request)),
    getRecords: (...request) => translate(source.getRecords(...request)),
  };
};
