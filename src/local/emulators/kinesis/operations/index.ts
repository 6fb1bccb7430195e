import { KinesisError } from "../errors.ts";
import { getOperations } from "./get-records.ts";
import type { Operation } from "./operation.ts";
import { putOperations } from "./put-records.ts";
import { shardOperations } from "./shards.ts";
import { streamOperations } from "./streams.ts";
import { tagOperations } from "./tags.ts";

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    ...streamOperations,
    ...shardOperations,
    ...putOperations,
    ...getOperations,
    ...tagOperations,
  }),
);

/** Operations that AWS has and this emulator leaves out. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "DeleteResourcePolicy",
  "DeregisterStreamConsumer",
  "DescribeAccountSettings",
  "DescribeStreamConsumer",
  "DisableEnhancedMonitoring",
  "EnableEnhancedMonitoring",
  "GetResourcePolicy",
  "ListStreamConsumers",
  "PutResourcePolicy",
  "RegisterStreamConsumer",
  "StartStreamEncryption",
  "StopStreamEncryption",
  "SubscribeToShard",
  "UpdateAccountSettings",
  "UpdateStreamWarmThroughput",
]);

/** The operation of this name. Throws UnknownOperation, saying whether AWS knows it. */
export const findOperation = (name: string): Operation => {
  const operation = OPERATIONS.get(name);
  if (operation !== undefined) return operation;
  throw new KinesisError(
    "UnknownOperationException",
    LEFT_OUT.has(name)
      ? `${name} is not in the local emulator; it exists on AWS.`
      : `${name || "The request"} is no operation of Kinesis Data Streams.`,
  );
};
