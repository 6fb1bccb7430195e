import { expect, test } from "vitest";
import { createTestDashboard } from "../../../../tests/support/dashboard-app.ts";
import { createMemoryCatalog } from "../../../../tests/support/memory-catalog.ts";

const BUCKET = "md-raw-apm";

const hour = (service: string, day: string, at: string, body: string) => ({
  key: `service=${service}/year=2026/month=11/day=${day}/hour=${at}/part-1.jsonl`,
  body,
});

const app = createTestDashboard({
  objects: createMemoryCatalog({
    [BUCKET]: [
      hour("a", "21", "22", '{"id":1}\n'),
      hour("a", "22", "00", '{"id":"x","more":1}\n'),
      hour("a", "22", "01", '{"id":"y","more":1}\n'),
      hour("b%2Fc", "22", "05", "not json\n"),
      { key: "readme", body: "x" },
    ],
  }),
});

const get = async (path: string) => {
  const response = await app.request(`http://localhost${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test("the answer keeps its fields and says levels, nodes, gaps, sizes, drift, cost and coverage", async () => {
  const { body } = await get(`/api/s3/bucket/${BUCKET}/partitions`);
  expect(body).toMatchObject({
    bucket: BUCKET,
    services: ["a", "b/c"],
    service_count: 2,
    dates: ["2026-11-21", "2026-11-22"],
    date_count: 2,
    total_objects: 5,
    unpartitioned_objects: 1,
    is_complete: true,
    levels: { service: 2, year: 1, month: 1, day: 2, hour: 4 },
    nodes: [
      { level: "service", value: "a", prefix: "service=a/", days: 2, hours: 3, objects: 3 },
      { level: "service", value: "b/c", prefix: "service=b%2Fc/", days: 1, hours: 1, objects: 1 },
    ].map((node) => expect.objectContaining(node)),
    gaps: {
      count: 1,
      hours: [{ service: "a", hour: "2026-11-21T23:00:00.000Z" }],
      ranges: [{ service: "a", hours: 1 }],
    },
    stats: { under_1_mb: 4 },
    drift: expect.arrayContaining([
      expect.objectContaining({ field: "id", kind: "type", from: "number", to: "string" }),
      expect.objectContaining({ field: "more", kind: "added" }),
    ]),
    sampling: { candidates: 4, unreadable: 1 },
    cost: { scanned_bytes: 10 * 1024 ** 2 },
    coverage: { partitions_walked: 4, days_walked: 3, days_known: 3, stopped_by: "end" },
    cursor: null,
  });
});

test("one service is walked by itself, by its name as it is in keys", async () => {
  const { body } = await get(`/api/s3/bucket/${BUCKET}/partitions?service=b%252Fc&samples=0`);
  expect(body).toMatchObject({
    service: "b%2Fc",
    services: ["b/c"],
    total_objects: 1,
    samples: [],
  });
});

test("a bad parameter is answered with its name", async () => {
  for (const [query, parameter] of [
    ["cursor=junk", "cursor"],
    ["samples=49", "samples"],
    ["service=a/b", "service"],
  ])
    expect(await get(`/api/s3/bucket/${BUCKET}/partitions?${query}`)).toMatchObject({
      status: 400,
      body: { parameter },
    });
});

test("without any script the page draws its hours, figures, gaps, drift and queries", async () => {
  const response = await app.request(`http://localhost/buckets/${BUCKET}/partitions?service=a`);
  const html = await response.text();
  expect(html).toContain('class="is-gap"');
  expect(html).toContain("2026-11-21 23:00–00:00Z: gap: 0 objects");
  expect(html).toContain("number became string");
  expect(html).toContain("CREATE EXTERNAL TABLE");
  expect(html).toContain("walked 3 partitions");
  expect(html).toContain("b/c</code>");
});
