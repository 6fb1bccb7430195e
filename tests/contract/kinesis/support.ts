import { randomUUID } from "node:crypto";
import {
  CreateStreamCommand,
  type CreateStreamCommandInput,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type KinesisClient,
  KinesisServiceException,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  type _Record as ReadRecord,
  type Shard,
} from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll } from "vitest";
import { createKinesisClient } from "../../../src/shared/aws/clients.ts";
import { type ContractEndpoint, contractEndpoint } from "../../support/contract-endpoint.ts";
import { poll } from "../../support/poll.ts";

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** True where the suite runs against this project's own endpoint. */
export const isOurs = !process.env.CONTRACT_ENDPOINT;

export const clientOf = (url: string): KinesisClient =>
  createKinesisClient({ region: "us-east-1", endpoint: url, maxAttempts: 1 });

export const text = (record: ReadRecord | undefined): string =>
  Buffer.from(record?.Data ?? new Uint8Array()).toString("utf8");

export const entry = (
  data: string | Uint8Array,
  key = "key",
  rest: Partial<PutRecordsRequestEntry> = {},
): PutRecordsRequestEntry => ({
  Data: typeof data === "string" ? Buffer.from(data) : data,
  PartitionKey: key,
  ...rest,
});

/** The code and message a call is refused with; throws where it succeeds. */
export const refusal = async (
  call: Promise<unknown>,
): Promise<{ code: string; message: string; status: number | undefined }> => {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof KinesisServiceException)) throw error;
    return { code: error.name, message: error.message, status: error.$metadata.httpStatusCode };
  }
  throw new Error("The call was answered with success.");
};

/** Streams and reads over one client, for tests that share an endpoint with many others. */
export const createKit = (client: KinesisClient) => {
  const status = async (StreamName: string): Promise<string | undefined> => {
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName }));
    return answer.StreamDescriptionSummary?.StreamStatus;
  };
  const waitActive = (name: string): Promise<unknown> =>
    poll(`stream ${name} is ACTIVE`, async () => (await status(name)) === "ACTIVE");

  const createStream = async (options: Partial<CreateStreamCommandInput> = {}): Promise<string> => {
    const StreamName = options.StreamName ?? `contract-${randomUUID()}`;
    const shardCount = options.StreamModeDetails ? {} : { ShardCount: 1 };
    await client.send(new CreateStreamCommand({ ...shardCount, ...options, StreamName }));
    await waitActive(StreamName);
    return StreamName;
  };

  const shardsOf = async (StreamName: string): Promise<Shard[]> => {
    const answer = await client.send(new ListShardsCommand({ StreamName }));
    return answer.Shards ?? [];
  };

  const iterator = async (
    StreamName: string,
    rest: Partial<GetShardIteratorCommandInput> = {},
  ): Promise<string> => {
    const answer = await client.send(
      new GetShardIteratorCommand({
        StreamName,
        ShardId: "shardId-000000000000",
        ShardIteratorType: "TRIM_HORIZON",
        ...rest,
      }),
    );
    return answer.ShardIterator ?? "";
  };

  const get = (ShardIterator: string, Limit?: number) =>
    client.send(new GetRecordsCommand({ ShardIterator, ...(Limit && { Limit }) }));

  /** Reads a shard until `count` records are there, or it ends. */
  const readShard = async (
    StreamName: string,
    count: number,
    rest: Partial<GetShardIteratorCommandInput> = {},
  ): Promise<ReadRecord[]> => {
    let next: string | undefined = await iterator(StreamName, rest);
    const records: ReadRecord[] = [];
    await poll(`${count} records of ${StreamName}`, async () => {
      while (next && records.length < count) {
        const answer: Awaited<ReturnType<typeof get>> = await get(next);
        records.push(...(answer.Records ?? []));
        next = answer.NextShardIterator;
        if (!answer.Records?.length) break;
      }
      return records.length >= count || next === undefined;
    });
    return records;
  };

  const put = (StreamName: string, Records: PutRecordsRequestEntry[]) =>
    client.send(new PutRecordsCommand({ StreamName, Records }));

  return { client, createStream, waitActive, status, shardsOf, iterator, get, readShard, put };
};

/** The endpoint under test and a kit for it, for the whole file. */
export const setUpKinesis = () => {
  const state = {} as { endpoint: ContractEndpoint } & ReturnType<typeof createKit>;
  beforeAll(async () => {
    const endpoint = await contractEndpoint();
    Object.assign(state, { endpoint, ...createKit(clientOf(endpoint.url)) });
  });
  afterAll(async () => {
    state.client?.destroy();
    await state.endpoint?.close();
  });
  return state;
};

/** Calls the wire protocol itself, for what an SDK would not send. */
export const rawCall = async (
  url: string,
  operation: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; code: string; message: string; body: string }> => {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `Kinesis_20131202.${operation}`,
      authorization:
        "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0",
      ...headers,
    },
    body,
  });
  const answer = await response.text();
  let parsed: { __type?: string; message?: string } = {};
  try {
    parsed = JSON.parse(answer);
  } catch {
    // Not every answer is JSON.
  }
  return {
    status: response.status,
    code: (parsed.__type ?? "").split("#").at(-1) ?? "",
    message: parsed.message ?? "",
    body: answer,
  };
};
