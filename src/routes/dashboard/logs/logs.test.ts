import { expect, test } from "vitest";
import { createTestDashboard } from "../../../../tests/support/dashboard-app.ts";
import { createMemoryBytes } from "../../../../tests/support/memory-bytes.ts";
import { createMemoryCatalog } from "../../../../tests/support/memory-catalog.ts";
import { createLogReader } from "../../../shared/core/dashboard/logs/log-reader.ts";
import { hourOf, partitionPrefix } from "../../../shared/core/partition.ts";

const BUCKET = "md-raw-logs";
const AT = Date.parse("2026-11-22T09:30:00Z");
const lineOf = (ms: number, more: object = {}) =>
  JSON.stringify({ timestamp: new Date(ms).toISOString(), level: "INFO", ...more });
const KEY = `${partitionPrefix("a", hourOf(AT))}part-1.jsonl`;
const BODY = [
  lineOf(AT, { message: "one", id: 1 }).replace('"id":1', '"id":9007199254740993'),
  lineOf(AT + 1_000, { level: "ERROR", message: "two <script>alert(1)</script>" }),
  "not json",
]
  .map((line) => `${line}\n`)
  .join("");

const objects = createMemoryCatalog({
  [BUCKET]: [
    { key: KEY, body: BODY },
    {
      key: `${partitionPrefix("b", hourOf(AT))}part-1.jsonl`,
      body: `${lineOf(AT + 5, { message: "three" })}\n`,
    },
    { key: "damaged.jsonl.gz", body: "this is no gzip" },
    { key: 'odd/"\r\nx: y"é.html', body: "<script>alert(1)</script>" },
  ],
});
const app = createTestDashboard({ objects });
const get = (path: string, init?: RequestInit) => app.request(`http://localhost${path}`, init);
const objectPath = (key: string, rest: string) =>
  `/api/s3/object/${BUCKET}/_?key=${encodeURIComponent(key)}${rest}`;

test("an object's bytes come whole or by range, as a download no browser interprets", async () => {
  const whole = await get(objectPath(KEY, "&view=raw"));
  expect(whole.status).toBe(200);
  expect(await whole.text()).toBe(BODY);
  const part = await get(objectPath(KEY, "&view=raw"), { headers: { range: "bytes=5-9" } });
  expect(part.status).toBe(206);
  expect(part.headers.get("content-range")).toBe(`bytes 5-9/${BODY.length}`);
  expect(await part.text()).toBe(BODY.slice(5, 10));
  expect(
    (await get(objectPath(KEY, "&view=raw"), { headers: { range: "bytes=99999-" } })).status,
  ).toBe(416);
  for (const view of ["raw", "lines"]) {
    const { headers } = await get(objectPath('odd/"\r\nx: y"é.html', `&view=${view}`));
    expect(headers.get("content-type")).toMatch(/^(application\/octet-stream|text\/plain)/);
    expect(headers.get("content-disposition")).toMatch(
      /^attachment; filename="[ -~]+"; filename\*=UTF-8''[!-~]+$/,
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toMatch(
      /sandbox.*default-src 'none'|default-src 'none'.*sandbox/,
    );
    expect(headers.get("x")).toBeNull();
  }
});

test("where answers are bounded, a large object is refused whole and given in pieces", async () => {
  const reader = createLogReader({ objects, bytes: createMemoryBytes(objects), now: () => AT });
  const small = createTestDashboard(
    { objects },
    { logs: { reader, canStream: false, maxAnswerBytes: 50 } },
  );
  const url = `http://localhost${objectPath(KEY, "&view=raw")}`;
  const refused = await small.request(url);
  expect(refused.status).toBe(413);
  expect(await refused.json()).toMatchObject({ code: "ANSWER_TOO_LARGE" });
  let text = "";
  while (text.length < BODY.length) {
    const piece = await small.request(url, { headers: { range: `bytes=${text.length}-` } });
    expect(piece.status).toBe(206);
    const more = await piece.text();
    expect(more.length).toBeLessThanOrEqual(50);
    text += more;
  }
  expect(text).toBe(BODY);
});

test("a window of lines says where it lies and where the next begins", async () => {
  const first = await get(objectPath(KEY, "&view=lines&from=1&limit=2"));
  expect(first.headers.get("x-line-count")).toBe("2");
  const next = `&from=${first.headers.get("x-next-line")}&at=${first.headers.get("x-next-byte")}`;
  const second = await get(objectPath(KEY, `&view=lines${next}`));
  expect((await first.text()) + (await second.text())).toBe(BODY);
  expect(second.headers.has("x-next-line")).toBe(false);
  expect((await get(objectPath(KEY, "&view=lines&from=4"))).status).toBe(416);
});

test("a damaged object is told in words", async () => {
  const answer = await get(objectPath("damaged.jsonl.gz", "&view=lines"));
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ code: "DAMAGED" });
});

test("a bad question names its parameter", async () => {
  const cases = [
    [objectPath(KEY, "&view=html"), "view"],
    [objectPath(KEY, "&view=lines&from=0"), "from"],
    ["/api/search", "bucket"],
    [`/api/search?bucket=${BUCKET}&limit=0`, "limit"],
    [`/api/search?bucket=${BUCKET}&q=/a/`, "q"],
    [`/api/search?bucket=${BUCKET}&lvl=loud`, "lvl"],
    [`/api/search?bucket=${BUCKET}&f=status`, "f"],
    [`/api/search?bucket=${BUCKET}&from=soon`, "from"],
    [`/api/search?bucket=${BUCKET}&cursor=junk`, "cursor"],
    [`/api/search?bucket=${BUCKET}&prefix=odd/`, "prefix"],
    [`/api/s3/bucket/${BUCKET}/range?cursor=x`, "cursor"],
  ];
  for (const [path, parameter] of cases) {
    const answer = await get(String(path));
    expect([path, answer.status]).toEqual([path, 400]);
    expect(await answer.json()).toMatchObject({ parameter, code: "BAD_PARAMETER" });
  }
  expect((await get("/api/search?bucket=nope-nope")).status).toBe(404);
  expect((await get("/api/s3/bucket/nope-nope/range")).status).toBe(404);
});

test("a search answers a page; its cursor fits this question only", async () => {
  const first = (await (await get(`/api/search?bucket=${BUCKET}&limit=1`)).json()) as {
    hits: { raw: string }[];
    next_cursor: string;
  };
  expect(first).toMatchObject({
    stopped_by: "limit",
    hits: [{ raw: expect.stringContaining("two") }],
  });
  const cursor = `&cursor=${first.next_cursor}`;
  const rest = await (await get(`/api/search?bucket=${BUCKET}${cursor}`)).json();
  expect(rest).toMatchObject({
    stopped_by: "done",
    next_cursor: null,
    stats: { incomplete_count: 0 },
  });
  const raws = [...first.hits, ...(rest as { hits: { raw: string }[] }).hits].map(({ raw }) => raw);
  expect(raws).toHaveLength(4);
  expect(raws.join()).toContain("9007199254740993");
  expect((await get(`/api/search?bucket=${BUCKET}&q=x${cursor}`)).status).toBe(400);
});

test("a search can be streamed, and tells its hits, its progress and its end", async () => {
  const answer = await get(`/api/search?bucket=${BUCKET}&lvl=error`, {
    headers: { accept: "text/event-stream" },
  });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const text = await answer.text();
  expect(text).toContain("event: hits");
  expect(text).toMatch(/event: end\ndata: \{"stopped_by":"done"/);
});

test("when the reader of a stream goes away, the search reads no further", async () => {
  const bulk = createMemoryCatalog({
    [BUCKET]: Array.from({ length: 600 }, (_, part) => ({
      key: `${partitionPrefix("a", hourOf(AT))}part-${part + 100}.jsonl`,
      body: `${lineOf(AT)}\n`,
    })),
  });
  const bytes = createMemoryBytes(bulk);
  const reader = createLogReader({ objects: bulk, bytes, now: () => Date.now() });
  const busy = createTestDashboard({ objects: bulk }, { logs: { reader, canStream: true } });
  const answer = await busy.request(`http://localhost/api/search?bucket=${BUCKET}&q=nowhere`, {
    headers: { accept: "text/event-stream" },
  });
  const body = answer.body?.getReader();
  await body?.read();
  await body?.cancel();
  const opened = bytes.opened.length;
  // What was under way ends at its next chunk; nothing new is opened.
  let before = -1;
  while (before !== bytes.opened.length) {
    before = bytes.opened.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(bytes.opened.length).toBeLessThanOrEqual(opened + 4);
});

test("without a script the page shows the first lines, filters them, and leads to the bytes", async () => {
  const page = async (path: string) => {
    const answer = await get(path);
    return { status: answer.status, html: await answer.text() };
  };
  for (const path of [
    `/logs/${BUCKET}?key=${encodeURIComponent(KEY)}`,
    `/objects?bucket=${BUCKET}&key=${encodeURIComponent(KEY)}`,
  ]) {
    const { html, status } = await page(path);
    expect(status).toBe(200);
    expect(html).toContain("9007199254740993");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).toContain("view=raw");
  }
  const filtered = await page(`/logs/${BUCKET}?key=${encodeURIComponent(KEY)}&q=two&lvl=error`);
  expect(filtered.html.match(/<li id="L/g)).toHaveLength(1);
  expect(filtered.html).toContain('id="L2"');
  const range = await page(`/logs/${BUCKET}?from=2026-11-22T09:00:00Z`);
  expect(range.html).toContain("part-1.jsonl");
  const search = await page(`/search?bucket=${BUCKET}&q=three`);
  expect(search.html).toContain("everything was searched");
  expect(search.html).toMatch(/href="\/logs\/md-raw-logs\?key=service%3Db[^"]*L=1&amp;q=three"/);
  expect(await page(`/search?bucket=${BUCKET}&q=/x/`)).toMatchObject({
    status: 400,
    html: expect.stringContaining("words and phrases"),
  });
  expect((await page(`/search?bucket=${BUCKET}&q=nothing+at+all`)).html).toContain(
    "Nothing was found",
  );
});

test("the objects of a range are listed newest first, with a cursor", async () => {
  const path = `/api/s3/bucket/${BUCKET}/range?from=2026-11-22T09:00:00Z&limit=1`;
  const first = (await (await get(path)).json()) as { next_cursor: string };
  expect(first).toMatchObject({ objects: [{ key: KEY }], stopped_by: "limit" });
  const second = await (
    await get(`${path}&cursor=${encodeURIComponent(first.next_cursor)}`)
  ).json();
  expect(second).toMatchObject({
    objects: [{ hour: "2026-11-22T09:00:00.000Z" }],
    next_cursor: null,
  });
});
