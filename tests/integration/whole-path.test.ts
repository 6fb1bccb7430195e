import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  linesOf,
  type Pipeline,
  pipelineEnv,
  readObjects,
  runCommand,
  startPipeline,
  waitForLines,
} from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";

const BUCKET = "md-raw-logs";
const SAMPLE = path.join(import.meta.dirname, "../../../shared/data/application_logs.jsonl");

const partitionsOf = (objects: Map<string, string>): string[] =>
  [...new Set([...objects.keys()].map((key) => key.slice(0, key.lastIndexOf("/"))))].sort();

const sampleLogs = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) =>
      `{"timestamp": "2025-11-14T01:${String(index % 60).padStart(2, "0")}:03.${100_000 + index}", "service":"svc-${index % 4}", "n": ${index}.0, "message":"đơn hàng \\u00e9 ${index}"}`,
  );

const post = async (pipeline: Pipeline, body: string, type = "application/json") => {
  const response = await fetch(`${pipeline.ingestUrl}/api/ingest/batch`, {
    method: "POST",
    headers: { "content-type": type },
    body,
  });
  return {
    status: response.status,
    answer: (await response.json()) as {
      accepted: number;
      errors: { index: number; code: string; reason: string }[];
    },
  };
};

test.skipIf(!existsSync(SAMPLE))(
  "a file of real logs, sent with npm run send, is in S3 byte for byte in four partitions, in any time zone",
  async () => {
    const sent = readFileSync(SAMPLE, "latin1").split(/\r?\n/).slice(0, -1).sort();
    const partitions = ["auth", "inventory", "payment", "user"].map(
      (name) => `service=${name}-service/year=2025/month=11/day=14/hour=01`,
    );
    for (const TZ of ["UTC", "Asia/Ho_Chi_Minh"]) {
      const pipeline = await startPipeline(await pipelineEnv({ TZ }));
      const run = await runCommand(["send", SAMPLE], pipeline.env);
      expect(run).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^sent 1500, accepted 1500, rejected 0, \d+ logs\/s\n$/),
      });
      const objects = await waitForLines(pipeline.s3, BUCKET, 1500);
      expect(linesOf(objects)).toEqual(sent);
      expect(partitionsOf(objects)).toEqual(partitions);
      expect(await pipeline.stop()).toBe(0);
    }
  },
  120_000,
);

describe("one pipeline", () => {
  test("every log lands once, as a plain file too, and a second start on the same data adds nothing", async () => {
    const env = await pipelineEnv();
    const logs = sampleLogs(2000);
    const first = await startPipeline(env);
    const run = await runCommand(
      ["send", "-", "--batch", "150"],
      env,
      Buffer.from(logs.join("\n")),
    );
    expect(run.code).toBe(0);
    const expected = logs.map((line) => Buffer.from(line).toString("latin1")).sort();
    const objects = await waitForLines(first.s3, BUCKET, logs.length);
    expect(linesOf(objects)).toEqual(expected);
    for (const [key, body] of objects) expect([key, body.at(-1)]).toEqual([key, "\n"]);

    const files = readdirSync(first.dataFolder, { recursive: true, encoding: "utf8" });
    expect(
      files.filter((file) => /service=svc-\d.*\/part-[0-9a-f-]+\.jsonl$/.test(file)),
    ).toHaveLength(objects.size);

    expect(await first.stop()).toBe(0);
    expect(first.output()).toContain("Stopped.");
    const second = await startPipeline(env);
    await post(second, '{"service":"second-start"}');
    const after = await waitForLines(second.s3, BUCKET, logs.length + 1);
    expect(linesOf(after)).toHaveLength(logs.length + 1);
  });

  test("a batch of awkward items loses nothing: each is stored where it belongs or refused by name", async () => {
    const pipeline = await startPipeline(await pipelineEnv());
    const items = [
      "not json",
      "[]",
      '{"service":"../../etc"}',
      `{"service":"big","message":"${"x".repeat(2 * 1024 * 1024)}"}`,
      '{"service":"timeless"}',
      '{"service":"old","timestamp":"1999-12-31T23:59:59Z"}',
      '{"service":"future","timestamp":"2099-01-01T00:00:00Z"}',
      '{"id":9007199254740993}',
      '{"service":"thanh toán/đơn"}',
    ];
    const { status, answer } = await post(pipeline, items.join("\n"), "application/x-ndjson");
    expect(status).toBe(207);
    expect(answer.accepted).toBe(6);
    expect(answer.errors.map(({ index, code }) => [index, code])).toEqual([
      [0, "INVALID_JSON"],
      [1, "NOT_AN_OBJECT"],
      [3, "TOO_LARGE"],
    ]);
    for (const { reason } of answer.errors) expect(reason).not.toBe("");

    const objects = await waitForLines(pipeline.s3, BUCKET, 6);
    const placeOf = (text: string) => {
      const line = Buffer.from(text).toString("latin1");
      const keys = [...objects].filter(([, body]) => body === `${line}\n`).map(([key]) => key);
      expect(keys).toHaveLength(1);
      return keys[0]?.slice(0, keys[0].lastIndexOf("/"));
    };
    const now = new Date().toISOString();
    const today = `year=${now.slice(0, 4)}/month=${now.slice(5, 7)}/day=${now.slice(8, 10)}/`;
    expect(placeOf('{"service":"../../etc"}')).toContain(`service=..%2F..%2Fetc/${today}`);
    expect(placeOf('{"service":"timeless"}')).toContain(`service=timeless/${today}`);
    expect(placeOf('{"service":"old","timestamp":"1999-12-31T23:59:59Z"}')).toBe(
      "service=old/year=1999/month=12/day=31/hour=23",
    );
    expect(placeOf('{"service":"future","timestamp":"2099-01-01T00:00:00Z"}')).toContain(
      `service=future/${today}`,
    );
    expect(placeOf('{"id":9007199254740993}')).toContain(`service=unknown/${today}`);
    expect(placeOf('{"service":"thanh toán/đơn"}')).toContain(
      `service=thanh%20to%C3%A1n%2F%C4%91%C6%A1n/${today}`,
    );
    expect(await readObjects(pipeline.s3, BUCKET, "_quarantine/")).toEqual(new Map());
  });

  test("parts that are killed are started again and nothing accepted is lost or doubled", async () => {
    const pipeline = await startPipeline(await pipelineEnv({ LOG_LEVEL: "debug" }));
    const logs = sampleLogs(3000);
    const pids = () =>
      [...pipeline.output().matchAll(/"child":"([a-z-]+)","pid":(\d+)/g)].map((match) => ({
        part: match[1],
        pid: Number(match[2]),
      }));
    const killAndWait = async (part: string): Promise<void> => {
      const before = pids().filter((started) => started.part === part);
      process.kill(before.at(-1)?.pid ?? 0, "SIGKILL");
      await poll(
        `${part} is up again`,
        () => pids().filter((started) => started.part === part).length > before.length,
      );
    };
    const sending = runCommand(
      ["send", "-", "--rate", "1000", "--batch", "50"],
      pipeline.env,
      Buffer.from(logs.join("\n")),
    );
    await killAndWait("consumer");
    await killAndWait("consumer");
    const run = await sending;
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("accepted 3000") });
    // Only now: a put whose answer dies with the endpoint is sent again, as with any Kinesis producer.
    await killAndWait("local-aws");
    const objects = await waitForLines(pipeline.s3, BUCKET, logs.length, 60_000);
    expect(linesOf(objects)).toEqual(
      logs.map((line) => Buffer.from(line).toString("latin1")).sort(),
    );
  }, 120_000);
});
