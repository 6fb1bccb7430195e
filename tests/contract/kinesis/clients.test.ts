import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { entry, setUpKinesis, text } from "./support.ts";

const kinesis = setUpKinesis();
const run = promisify(execFile);

const works = (command: string, args: string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
};
const hasAwsCli = works("aws", ["--version"]);
const hasBoto3 = works("python3", ["-c", "import boto3"]);

const env = () => ({
  ...process.env,
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_ENDPOINT_URL: kinesis.endpoint.url,
  AWS_PAGER: "",
});

test("an SDK client with its default HTTP/2 handler puts and reads", async () => {
  const StreamName = await kinesis.createStream();
  const client = new KinesisClient({
    region: "us-east-1",
    endpoint: kinesis.endpoint.url,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  try {
    for (const line of ["a", "b", "c"]) {
      const { FailedRecordCount } = await client.send(
        new PutRecordsCommand({ StreamName, Records: [entry(line)] }),
      );
      expect(FailedRecordCount).toBe(0);
    }
    const { ShardIterator } = await client.send(
      new GetShardIteratorCommand({
        StreamName,
        ShardId: "shardId-000000000000",
        ShardIteratorType: "TRIM_HORIZON",
      }),
    );
    const { Records } = await client.send(new GetRecordsCommand({ ShardIterator }));
    expect(Records?.map(text)).toEqual(["a", "b", "c"]);
  } finally {
    client.destroy();
  }
});

test.skipIf(!hasAwsCli)(
  "the aws CLI puts, describes and reads",
  async () => {
    const name = await kinesis.createStream();
    const aws = async (...args: string[]) => {
      const { stdout } = await run("aws", ["kinesis", ...args, "--output", "json"], {
        env: env(),
        timeout: 25_000,
      });
      return JSON.parse(stdout);
    };
    const stream = ["--stream-name", name];
    const summary = await aws("describe-stream-summary", ...stream);
    expect(summary.StreamDescriptionSummary).toMatchObject({
      StreamName: name,
      StreamStatus: "ACTIVE",
      OpenShardCount: 1,
    });
    const put = await aws("put-record", ...stream, "--partition-key", "khoá", "--data", "hello");
    const { ShardIterator } = await aws(
      "get-shard-iterator",
      ...stream,
      "--shard-id",
      put.ShardId,
      "--shard-iterator-type",
      "AT_SEQUENCE_NUMBER",
      "--starting-sequence-number",
      put.SequenceNumber,
    );
    const { Records } = await aws("get-records", "--shard-iterator", ShardIterator);
    expect(Records).toMatchObject([{ SequenceNumber: put.SequenceNumber, PartitionKey: "khoá" }]);
    expect(Records[0].Data).not.toBe("");
  },
  120_000,
);

const BOTO3_SCRIPT = `
import datetime, json, sys, boto3
c = boto3.client("kinesis")
name = sys.argv[1]
data = bytes(range(256))
put = c.put_record(StreamName=name, Data=data, PartitionKey="kho\\u00e1")
many = c.put_records(StreamName=name, Records=[{"Data": b"x%d" % i, "PartitionKey": "k"} for i in range(20)])
shards = c.list_shards(StreamName=name)["Shards"]
since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
it = c.get_shard_iterator(StreamName=name, ShardId=shards[0]["ShardId"], ShardIteratorType="AT_TIMESTAMP", Timestamp=since)
got = c.get_records(ShardIterator=it["ShardIterator"])
try:
    c.describe_stream(StreamName="no-such-stream")
    refused = None
except c.exceptions.ResourceNotFoundException:
    refused = "ResourceNotFoundException"
c.get_waiter("stream_exists").wait(StreamName=name)
names = [n for page in c.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 1}) for n in page["StreamNames"]]
print(json.dumps({
    "failed": many["FailedRecordCount"],
    "same": got["Records"][0]["Data"] == data and got["Records"][0]["SequenceNumber"] == put["SequenceNumber"],
    "count": len(got["Records"]),
    "arrival": isinstance(got["Records"][0]["ApproximateArrivalTimestamp"], datetime.datetime),
    "behind": got["MillisBehindLatest"],
    "refused": refused,
    "listed": name in names,
}))
`;

test.skipIf(!hasBoto3)(
  "boto3 puts, reads, waits and pages",
  async () => {
    const name = await kinesis.createStream();
    const { stdout } = await run("python3", ["-c", BOTO3_SCRIPT, name], {
      env: env(),
      timeout: 60_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      failed: 0,
      same: true,
      count: 21,
      arrival: true,
      behind: 0,
      refused: "ResourceNotFoundException",
      listed: true,
    });
  },
  90_000,
);
