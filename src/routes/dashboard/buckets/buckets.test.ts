import { expect, test } from "vitest";
import { createTestDashboard, NOW } from "../../../../tests/support/dashboard-app.ts";
import { createMemoryCatalog } from "../../../../tests/support/memory-catalog.ts";
import { BackendError } from "../../../shared/core/dashboard/backend-error.ts";

const BUCKET = "md-raw-logs";

const keysOf = (count: number, prefix = "service=a/") =>
  Array.from({ length: count }, (_, index) => ({
    key: `${prefix}${String(index).padStart(5, "0")}${index % 100 === 0 ? "-Needle" : ""}`,
    size: index,
    lastModified: new Date(NOW - index * 1_000),
  }));

type Page = {
  objects: { key: string; size: number }[];
  count: number;
  next_cursor: string | null;
  coverage: { scanned: number; matched: number; complete: boolean; stop_reason: string };
};

const get = async (app: ReturnType<typeof createTestDashboard>, path: string) => {
  const response = await app.request(`http://localhost${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test("a plain page is one list call and keeps its fields; a search has a coverage of its own", async () => {
  const objects = createMemoryCatalog({ [BUCKET]: keysOf(2_500) });
  const app = createTestDashboard({ objects });
  const plain = await get(app, `/api/s3/bucket/${BUCKET}/objects?max_keys=10`);
  expect(objects.calls).toHaveLength(1);
  expect(plain.body).toMatchObject({
    bucket: BUCKET,
    prefix: "",
    count: 10,
    is_truncated: true,
    next_cursor: expect.any(String),
    coverage: { complete: false, stop_reason: "page", list_calls: 1 },
  });
  const found: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const { body }: { body: unknown } = await get(
      app,
      `/api/s3/bucket/${BUCKET}/objects?contains=needle&max_keys=7&cursor=${cursor}`,
    );
    const page = body as Page;
    found.push(...page.objects.map(({ key }) => key));
    expect(page.coverage.matched).toBe(found.length);
    cursor = page.next_cursor;
    if (cursor === null) expect(page.coverage).toMatchObject({ scanned: 2_500, complete: true });
  }
  expect(found).toHaveLength(25);
  expect(new Set(found).size).toBe(25);
});

test("size, time and case narrow a search", async () => {
  const app = createTestDashboard({ objects: createMemoryCatalog({ [BUCKET]: keysOf(300) }) });
  const count = async (query: string) =>
    ((await get(app, `/api/s3/bucket/${BUCKET}/objects?max_keys=1000&${query}`)).body as Page)
      .count;
  expect(await count("min_size=290")).toBe(10);
  expect(await count("max_size=9")).toBe(10);
  expect(await count("contains=needle&match=case")).toBe(0);
  expect(await count("contains=Needle&match=case&min_size=1")).toBe(2);
  const since = new Date(NOW - 4_000).toISOString();
  expect(await count(`modified_after=${since}`)).toBe(5);
  expect(await count(`modified_before=${since}`)).toBe(296);
});

test("a search's bad parameter is answered with its name and what it may be", async () => {
  const app = createTestDashboard();
  for (const [query, parameter] of [
    ["min_size=big", "min_size"],
    ["modified_after=yesterday", "modified_after"],
    ["contains=a&match=x", "match"],
    ["contains=a&delimiter=/", "delimiter"],
    ["contains=a&cursor=eyJhZnRlciI6ImEifQ", "cursor"],
  ])
    expect(await get(app, `/api/s3/bucket/${BUCKET}/objects?${query}`)).toMatchObject({
      status: 400,
      body: { parameter, code: "BAD_PARAMETER" },
    });
});

test("a count goes on where it stopped and adds up", async () => {
  const app = createTestDashboard({ objects: createMemoryCatalog({ [BUCKET]: keysOf(1_500) }) });
  const { body } = await get(app, `/api/s3/bucket/${BUCKET}/summary?prefix=service=a/`);
  expect(body).toMatchObject({
    objects: 1_500,
    bytes: (1_499 * 1_500) / 2,
    largest: 1_499,
    newest_object: new Date(NOW).toISOString(),
    coverage: { complete: true, list_calls: 2 },
    next_cursor: null,
  });
});

test("a refusal names the missing action, on the page and in the API", async () => {
  const memory = createMemoryCatalog({ [BUCKET]: [] });
  const denied = () =>
    Promise.reject(new BackendError({ backend: "s3", kind: "denied", code: "AccessDenied" }));
  const app = createTestDashboard({ objects: { ...memory, list: denied } });
  for (const path of ["objects", "summary", "partitions"])
    expect(await get(app, `/api/s3/bucket/${BUCKET}/${path}`)).toMatchObject({
      status: 502,
      body: { code: "S3_DENIED", missing_action: "s3:ListBucket" },
    });
  for (const path of ["", "/partitions"]) {
    const page = await app.request(`http://localhost/buckets/${BUCKET}${path}`);
    expect(page.status).toBe(502);
    const html = await page.text();
    expect(html).toContain("s3:ListBucket");
    expect(html).toContain("Try again");
    expect(html).toContain(`Objects</a>`);
  }
});

test("links are given out for the buckets that may be shown, and say when they end", async () => {
  const storage = {
    region: "us-east-1",
    database: "d",
    tables: {},
    signer: {
      expiresSeconds: 60,
      sign: async (bucket: string, key: string) =>
        bucket === BUCKET ? `https://s3/${key}?signed` : undefined,
    },
  };
  const app = createTestDashboard({}, { storage });
  expect(await get(app, `/api/s3/presign?bucket=${BUCKET}&key=a%2Fb`)).toEqual({
    status: 200,
    body: {
      bucket: BUCKET,
      key: "a/b",
      url: "https://s3/a/b?signed",
      expires_in: 60,
      expires_at: new Date(NOW + 60_000).toISOString(),
    },
  });
  expect(await get(app, "/api/s3/presign?bucket=other&key=a")).toMatchObject({ status: 404 });
  expect(await get(app, `/api/s3/presign?bucket=${BUCKET}`)).toMatchObject({ status: 400 });
  expect(await get(createTestDashboard(), `/api/s3/presign?bucket=${BUCKET}&key=a`)).toMatchObject({
    status: 404,
    body: { code: "PRESIGN_OFF" },
  });
});

test("the page lists folders and objects with one call, sorted within what it loaded", async () => {
  const objects = createMemoryCatalog({
    [BUCKET]: [...keysOf(3), { key: "_quarantine/reason=x/a" }, { key: "_state/s.json" }],
  });
  const app = createTestDashboard({ objects });
  const html = async (query: string) =>
    await (await app.request(`http://localhost/buckets/${BUCKET}?${query}`)).text();
  const root = await html("");
  expect(objects.calls).toHaveLength(1);
  expect(root).toContain('<span class="kind">quarantine</span>');
  expect(root).toContain('<span class="kind">state</span>');
  const sorted = await html("prefix=service%3Da/&sort=size&dir=desc");
  expect(sorted.indexOf("00002")).toBeLessThan(sorted.indexOf("00001"));
  expect(sorted).toContain("Sorted within what this page has loaded.");
  const jump = await app.request(
    `http://localhost/buckets/${BUCKET}?prefix=service%3Da/&jump=2026-11-22T09`,
  );
  expect(jump.status).toBe(302);
  expect(jump.headers.get("location")).toContain(
    encodeURIComponent("service=a/year=2026/month=11/day=22/hour=09/"),
  );
  expect(await html("jump=2026-11-22")).toContain("open a service first");
});
