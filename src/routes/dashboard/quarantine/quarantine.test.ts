import { expect, test } from "vitest";
import { createTestDashboard, downCatalogs, NOW } from "../../../../tests/support/dashboard-app.ts";
import { createMemoryCatalog } from "../../../../tests/support/memory-catalog.ts";
import { createQuarantineReader } from "../../../shared/core/dashboard/quarantine/reader.ts";
import type { QuarantineEntry } from "../../../shared/core/quarantine.ts";

const KEY = "_quarantine/reason=not_json/year=2026/month=11/day=22/hour=09/part-1.jsonl";
const HOSTILE = `<img src=x onerror="window.__xss=1"> \u202e \u001b[31m </pre><script>`;

const utf8Base64 = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)));

const entryOf = (index: number, changed: Partial<QuarantineEntry> = {}): QuarantineEntry => ({
  reason: "not_json",
  detail: HOSTILE,
  stream: "stage01-logs-stream",
  shardId: "shardId-000000000001",
  sequenceNumber: "49590338271490256608559692538361571095921575989136588898",
  index,
  partitionKey: HOSTILE,
  arrivedAt: `2026-11-22T09:00:0${index}.000Z`,
  data: utf8Base64(HOSTILE),
  ...changed,
});

const dashboardOf = (entries: readonly QuarantineEntry[]) => {
  const objects = createMemoryCatalog({
    "md-raw-logs": [
      { key: KEY, body: entries.map((entry) => `${JSON.stringify(entry)}\n`).join("") },
    ],
  });
  const quarantine = createQuarantineReader(
    { objects, now: () => NOW },
    { buckets: ["md-raw-logs", "md-raw-apm"] },
  );
  return createTestDashboard({ objects }, { quarantine });
};

const app = dashboardOf([entryOf(0), entryOf(1), entryOf(2)]);
const RECORD = `bucket=md-raw-logs&key=${encodeURIComponent(KEY)}&id=${entryOf(1).sequenceNumber}:1`;

test("the API pages through the records, newest first, each with its command", async () => {
  const answer = await app.request("/api/quarantine?limit=2");
  const first = (await answer.json()) as { next_cursor: string };
  expect(first).toMatchObject({
    count: 2,
    records: [
      {
        index: 2,
        bucket: "md-raw-logs",
        key: KEY,
        reason: "not_json",
        replay_command: `npm run quarantine -- replay --id ${entryOf(2).sequenceNumber}:2 --stream stage01-logs-stream --shard shardId-000000000001 --bucket md-raw-logs`,
      },
      { index: 1 },
    ],
    coverage: { stopped_by: "limit", back_to: "2026-11-22T09:00Z" },
  });
  const rest = await (
    await app.request(`/api/quarantine?limit=2&cursor=${first.next_cursor}`)
  ).json();
  expect(rest).toMatchObject({ records: [{ index: 0 }], next_cursor: null });
  const reasons = await (await app.request("/api/quarantine/reasons")).json();
  expect(reasons).toMatchObject({
    reasons: [{ reason: "not_json", records: 3 }],
    is_complete: true,
  });
});

test("what is asked wrongly is named; what is not there is 404", async () => {
  for (const [query, parameter] of [
    ["limit=0", "limit"],
    ["limit=501", "limit"],
    ["from=yesterday", "from"],
    ["reason=A/B", "reason"],
    ["stream=a%20b", "stream"],
    ["cursor=x", "cursor"],
  ]) {
    const answer = await app.request(`/api/quarantine?${query}`);
    expect([query, answer.status]).toEqual([query, 400]);
    expect(await answer.json()).toMatchObject({ parameter });
  }
  for (const path of [
    "/api/quarantine?bucket=someone-elses",
    "/api/quarantine/reasons?bucket=someone-elses",
    "/quarantine?bucket=someone-elses",
    `/api/quarantine/record?bucket=someone-elses&${RECORD.slice(RECORD.indexOf("key="))}`,
    `/quarantine/record?${RECORD}9`,
  ])
    expect([path, (await app.request(path)).status]).toEqual([path, 404]);
  const outside = await app.request(
    "/api/quarantine/record?bucket=md-raw-logs&key=service%3Da%2Fpart.jsonl&id=1:0",
  );
  expect(outside.status).toBe(400);
});

test("hostile bytes are text on the pages, and leave as nothing but a download", async () => {
  for (const path of [
    "/quarantine",
    "/quarantine?from=2026-11-22",
    `/quarantine/record?${RECORD}`,
  ]) {
    const answer = await app.request(path);
    const html = await answer.text();
    expect([path, answer.status]).toEqual([path, 200]);
    expect(html).not.toContain("<img");
    expect(html).not.toContain("</pre><script>");
    for (const character of ["\u202e", "\u001b"]) expect(html).not.toContain(character);
    expect(html).toContain("⟨U+202E⟩");
  }
  const raw = await app.request(`/api/quarantine/record/raw?${RECORD}`);
  expect(await raw.text()).toBe(HOSTILE);
  expect(Object.fromEntries(raw.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-disposition": expect.stringMatching(/^attachment; filename="record-\d+-1\.bin"$/),
    "x-content-type-options": "nosniff",
    "content-security-policy": expect.stringContaining("sandbox"),
  });
});

test("an empty quarantine teaches; one that cannot be read says why, in its own place", async () => {
  const empty = await (await dashboardOf([]).request("/quarantine")).text();
  expect(empty).toContain("probe put --log");
  const quarantine = createQuarantineReader(
    { objects: downCatalogs().objects, now: () => NOW },
    { buckets: ["md-raw-logs"] },
  );
  const down = await createTestDashboard({}, { quarantine }).request("/quarantine");
  expect(down.status).toBe(200);
  expect(await down.text()).toContain("S3 cannot be reached");
});
