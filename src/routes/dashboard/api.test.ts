import { expect, test } from "vitest";
import {
  createTestDashboard,
  downCatalogs,
  memoryStreams,
} from "../../../tests/support/dashboard-app.ts";
import { createMemoryCatalog } from "../../../tests/support/memory-catalog.ts";

const BUCKET = "md-raw-logs";
const LINE = '{"id":9007199254740993,"a":1.0,"e":1e3,"k":1,"k":2}';

const objects = createMemoryCatalog({
  [BUCKET]: [
    { key: "service=a/year=2025/month=11/day=14/hour=01/part-1.jsonl", body: `${LINE}\noops\n` },
    { key: "_quarantine/reason=x/part.jsonl", body: "{}" },
  ],
});

const get = async (app: ReturnType<typeof createTestDashboard>, path: string) => {
  const response = await app.request(`http://localhost${path}`);
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    text,
    body: JSON.parse(text) as Record<string, unknown>,
  };
};

test("a bad parameter is answered with its name and its range", async () => {
  const app = createTestDashboard({ objects });
  const cases = [
    ["objects?max_keys=0", "max_keys must be a whole number from 1 to 1000."],
    ["objects?max_keys=1001", "max_keys must be a whole number from 1 to 1000."],
    ["objects?max_keys=1e2", "max_keys must be a whole number from 1 to 1000."],
    ["objects?cursor=junk", "cursor must be a next_cursor of an earlier answer."],
    ["objects?delimiter=x", "delimiter must be / or absent."],
  ];
  for (const [path, detail] of cases)
    expect(await get(app, `/api/s3/bucket/${BUCKET}/${path}`)).toMatchObject({
      status: 400,
      type: "application/problem+json",
      body: { title: "Bad Request", status: 400, detail, type: "about:blank" },
    });
  for (const lines of ["0", "10001", "-1", "x"])
    expect(await get(app, `/api/s3/object/${BUCKET}/_?key=a&lines=${lines}`)).toMatchObject({
      status: 400,
      body: { detail: "lines must be a whole number from 1 to 10000.", parameter: "lines" },
    });
  expect(await get(app, `/api/s3/object/${BUCKET}/a%ff`)).toMatchObject({ status: 400 });
});

test("what does not exist is 404, and says what it was", async () => {
  const app = createTestDashboard({ objects });
  const cases = [
    ["/api/kinesis/stream/nope/metrics", "There is no stream named nope."],
    ["/api/kinesis/stream/no%20pe/metrics", "There is no stream named no pe."],
    ["/api/s3/bucket/nope-nope/objects", "There is no bucket named nope-nope."],
    ["/api/s3/bucket/arn:aws:s3:::x/objects", "There is no bucket named arn:aws:s3:::x."],
    ["/api/s3/bucket/nope-nope/partitions", "There is no bucket named nope-nope."],
    ["/api/s3/object/nope-nope/_?key=a", "There is no bucket named nope-nope."],
    [`/api/s3/object/${BUCKET}/_?key=a`, "There is no object named a."],
    ["/api/nothing", "There is nothing at /api/nothing."],
  ];
  for (const [path, detail] of cases)
    expect(await get(app, String(path))).toMatchObject({
      status: 404,
      type: "application/problem+json",
      body: { detail },
    });
});

test("lines reach the client with every digit and key they have in the store", async () => {
  const key = "service=a/year=2025/month=11/day=14/hour=01/part-1.jsonl";
  const app = createTestDashboard({ objects });
  for (const path of [`${encodeURIComponent(key)}`, key, `_?key=${encodeURIComponent(key)}`]) {
    const answer = await get(app, `/api/s3/object/${BUCKET}/${path}`);
    expect(answer.text).toContain(`"logs":[${LINE},{"raw":"oops"}]}`);
    expect(answer.body).toMatchObject({ key, lines_requested: 10, lines_returned: 2 });
  }
});

test("a dead service takes down its own part of the summary, and no figure of it is made up", async () => {
  const { streams, objects: deadObjects, consumer } = downCatalogs();
  const onlyS3 = await get(createTestDashboard({ streams, objects }), "/api/stats/summary");
  expect(onlyS3).toMatchObject({
    status: 200,
    body: {
      kinesis: {
        total_streams: null,
        active_streams: null,
        error: expect.stringContaining("Kinesis cannot be reached (ECONNREFUSED)"),
      },
      s3: { total_buckets: 1, total_objects: 1, quarantine_objects: 1, error: null },
      consumer: { status: "unknown", records_processed: null, last_poll: null },
    },
  });
  const onlyKinesis = await get(
    createTestDashboard({ objects: deadObjects, consumer }),
    "/api/stats/summary",
  );
  expect(onlyKinesis).toMatchObject({
    status: 200,
    body: {
      kinesis: { total_streams: 1, active_streams: 1, error: null },
      s3: { total_objects: null, total_size_mb: null, error: expect.stringContaining("S3") },
      consumer: { status: "unknown", error: expect.stringContaining("S3") },
    },
  });
});

test("where the whole answer rests on a dead service it is 503, naming it and what to check", async () => {
  const app = createTestDashboard(downCatalogs());
  for (const path of ["/api/kinesis/streams", "/api/kinesis/stream/logs/metrics"])
    expect(await get(app, path)).toMatchObject({
      status: 503,
      body: { detail: expect.stringMatching(/^Kinesis cannot be reached .*AWS_ENDPOINT_URL/) },
    });
  for (const path of [
    "/api/s3/buckets",
    `/api/s3/bucket/${BUCKET}/objects`,
    `/api/s3/bucket/${BUCKET}/partitions`,
    `/api/s3/object/${BUCKET}/_?key=a`,
  ])
    expect(await get(app, path)).toMatchObject({
      status: 503,
      type: "application/problem+json",
      body: { detail: expect.stringMatching(/^S3 cannot be reached/) },
    });
  expect((await get(app, "/health")).status).toBe(200);
});

test("an unexpected failure tells nothing of the inside", async () => {
  const streams = {
    ...memoryStreams([]),
    listStreamNames: () => Promise.reject(new Error("secret: /etc/passwd")),
  };
  const { status, text } = await get(createTestDashboard({ streams }), "/api/kinesis/streams");
  expect(status).toBe(500);
  expect(text).not.toContain("secret");
});

test("pages of a listing neither miss nor repeat a key, also while objects are added", async () => {
  const keys = Array.from(
    { length: 25 },
    (_, index) => `service=a/é${String(index).padStart(3, "0")}`,
  );
  const held = keys.map((key) => ({ key, body: "x" }));
  const app = createTestDashboard({ objects: createMemoryCatalog({ [BUCKET]: held }) });
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const { body } = await get(
      app,
      `/api/s3/bucket/${BUCKET}/objects?max_keys=10&cursor=${cursor}`,
    );
    seen.push(...(body.objects as { key: string }[]).map(({ key }) => key));
    cursor = body.next_cursor as string | null;
    if (seen.length === 10) held.unshift({ key: "service=a/a-new-one-before", body: "y" });
  }
  expect(seen).toEqual(keys);
});
