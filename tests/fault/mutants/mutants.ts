import { randomUUID } from "node:crypto";
import type { Seams } from "./scenario.ts";

/** A way to do it that looks right and is not. Each exchanges one function of the real code. */
export type Mutant = {
  readonly name: string;
  /** What it does to the logs. */
  readonly symptom: "lost" | "doubled";
  readonly seams: Partial<Seams>;
};

const randomUuidInThePartName: Mutant = {
  name: "a random UUID in the part name",
  symptom: "doubled",
  seams: {
    sink: (real) => ({
      putPart: (part, fence) =>
        real.putPart(
          { ...part, key: part.key.replace(/part-[0-9a-f-]+/, `part-${randomUUID()}`) },
          fence,
        ),
    }),
  },
};

const midBatchCheckpoint: Mutant = {
  name: "a checkpoint in the middle of a batch",
  symptom: "doubled",
  seams: {
    // As Lambda's own examples do it: go on from the record that failed.
    invoke: (real) => async (event, fence) => {
      const result = await real(event, fence);
      const middle = event.Records[Math.floor(event.Records.length / 2)];
      if (result.summary !== null || middle === undefined) return result;
      const itemIdentifier = middle.kinesis.sequenceNumber;
      return { response: { batchItemFailures: [{ itemIdentifier }] }, summary: null };
    },
  },
};

const checkpointBeforeTheWrite: Mutant = {
  name: "the checkpoint before the write",
  symptom: "lost",
  seams: {
    invoke: (real) => async (event, fence) => {
      void real(event, fence);
      return { response: { batchItemFailures: [] }, summary: null };
    },
  },
};

const latestAsTheStart: Mutant = {
  name: "LATEST as the start",
  symptom: "lost",
  seams: { startingPosition: "LATEST" },
};

const latestAfterARestart: Mutant = {
  name: "LATEST where a process goes on",
  symptom: "lost",
  seams: {
    source: (real, now) => ({
      ...real,
      getIterator: (stream, shardId, position, signal) =>
        real.getIterator(
          stream,
          shardId,
          position.type === "TRIM_HORIZON"
            ? position
            : { type: "AT_TIMESTAMP", timestamp: new Date(now()).toISOString() },
          signal,
        ),
    }),
  },
};

const failureTakenForSuccess: Mutant = {
  name: "a failed write that is only logged",
  symptom: "lost",
  seams: {
    sink: (real) => ({
      putPart: async (part, fence) => {
        await real.putPart(part, fence).catch(() => undefined);
      },
    }),
  },
};

const badRecordsDropped: Mutant = {
  name: "records that are no logs dropped instead of quarantined",
  symptom: "lost",
  seams: {
    sink: (real) => ({
      putPart: async (part, fence) => {
        if (!part.key.startsWith("_quarantine/")) await real.putPart(part, fence);
      },
    }),
  },
};

export const MUTANTS: readonly Mutant[] = [
  randomUuidInThePartName,
  midBatchCheckpoint,
  checkpointBeforeTheWrite,
  latestAsTheStart,
  latestAfterARestart,
  failureTakenForSuccess,
  badRecordsDropped,
];
