import { expect, test } from "vitest";
import { createTestDashboard, downCatalogs } from "../../../tests/support/dashboard-app.ts";
import { createMemoryCatalog } from "../../../tests/support/memory-catalog.ts";

const BUCKET = "md-raw-logs";
const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "javascript:alert(1)",
  "' onmouseover='alert(1)",
  "</title><script>alert(1)</script>",
  "&lt;b&gt;",
  "a/../b",
  "a/./b",
  "//host/x",
  "a+b %2F#?&=",
  "line\nbreak",
  "thanh toán/đơn 🚚",
  "\u202egnp.exe",
];

const page = async (app: ReturnType<typeof createTestDashboard>, path: string) => {
  const response = await app.request(`http://localhost${path}`);
  return { status: response.status, html: await response.text(), headers: response.headers };
};

/** Elements and attributes that no page of ours has, so that they can only come from data. */
const expectClean = (html: string) => {
  expect(html).not.toMatch(/<img|<b>&|<script(?! type="module" src="\/assets\/ui\/)/i);
  // Quotes are escaped in text, so that every pair of them encloses an attribute's value.
  expect(html.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+\s*=/i);
  expect(html).not.toMatch(/href="(?!\/|#)/i);
  expect(html).not.toMatch(/\sstyle=/i);
};

test("hostile keys are listed as text, and each link leads to its own object", async () => {
  const keys = HOSTILE.map((name) => `h/${name}`);
  const objects = createMemoryCatalog({
    [BUCKET]: keys.map((key) => ({ key, body: `{"me":${JSON.stringify(key)}}\n` })),
  });
  const app = createTestDashboard({ objects });
  for (const key of keys) {
    const folder = key.slice(0, key.lastIndexOf("/") + 1);
    const { html, status } = await page(
      app,
      `/buckets/${BUCKET}?prefix=${encodeURIComponent(folder)}`,
    );
    expect(status).toBe(200);
    expectClean(html);
    const link = `/logs/${BUCKET}?key=${encodeURIComponent(key).replaceAll("'", "&#39;")}`;
    expect(html).toContain(`href="${link}"`);
    const view = await page(app, `/objects?bucket=${BUCKET}&key=${encodeURIComponent(key)}`);
    expect(view.status).toBe(200);
    expectClean(view.html);
    for (const path of [encodeURIComponent(key), `_?key=${encodeURIComponent(key)}`]) {
      const answer = await app.request(`http://localhost/api/s3/object/${BUCKET}/${path}`);
      expect(await answer.json()).toMatchObject({ key, logs: [{ me: key }] });
    }
  }
});

test("hostile lines, prefixes, names and metadata stay text", async () => {
  const body = HOSTILE.flatMap((text) => [
    text,
    JSON.stringify({ level: text, message: text }),
  ]).join("\n");
  const memory = createMemoryCatalog({ [BUCKET]: [{ key: "k", body }] });
  const app = createTestDashboard({
    objects: {
      ...memory,
      open: async (...call) => {
        const opened = await memory.open(...call);
        const [first = "", second = ""] = HOSTILE;
        return "missing" in opened
          ? opened
          : { ...opened, contentType: first, metadata: { [second]: first } };
      },
    },
  });
  const { html } = await page(app, `/objects?bucket=${BUCKET}&key=k`);
  expectClean(html);
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(html).toContain("⟨U+202E⟩");
  for (const text of HOSTILE) {
    const encoded = encodeURIComponent(text);
    for (const path of [
      `/buckets/${BUCKET}?prefix=${encoded}`,
      `/buckets/${encoded}`,
      `/buckets/${encoded}/partitions`,
      `/streams/${encoded}`,
      `/objects?bucket=${encoded}&key=${encoded}`,
      `/?refresh=${encoded}`,
    ])
      expectClean((await page(app, path)).html);
  }
});

test("a hostile consumer error, state key and service stay text", async () => {
  const [evil = ""] = HOSTILE;
  const app = createTestDashboard({
    objects: createMemoryCatalog({
      [BUCKET]: [
        {
          key: `service=${encodeURIComponent(evil)}/year=2025/month=11/day=14/hour=01/part-1.jsonl`,
        },
        { key: `${evil}/x` },
      ],
    }),
    consumer: {
      read: async () => ({
        states: [],
        unreadable: [{ key: `_state/logs/${evil}.json`, reason: evil }],
        isComplete: true,
      }),
    },
  });
  expectClean((await page(app, "/")).html);
  const { html } = await page(app, `/buckets/${BUCKET}/partitions`);
  expectClean(html);
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
});

test("the page stands with everything behind it down: figures are n/a with their reason, never 0", async () => {
  const app = createTestDashboard(downCatalogs());
  const { status, html } = await page(app, "/");
  expect(status).toBe(200);
  expect(html).toContain("Kinesis cannot be reached (ECONNREFUSED)");
  expect(html).toContain("S3 cannot be reached (ECONNREFUSED)");
  expect(html).toContain('n/a<span class="hidden">: ');
  expect(html).not.toMatch(/>0</);
  for (const path of ["/streams", "/streams/logs", "/buckets", `/buckets/${BUCKET}`])
    expect(await page(app, path)).toMatchObject({
      status: 503,
      html: expect.stringContaining("cannot be reached"),
    });
});

test("counts that stopped early carry a plus", async () => {
  const objects = createMemoryCatalog({
    [BUCKET]: Array.from({ length: 26_000 }, (_, index) => ({
      key: `service=a/${String(index).padStart(6, "0")}`,
      size: 1,
    })),
  });
  expect((await page(createTestDashboard({ objects }), "/")).html).toContain("25,000+");
});

test("the figures of the ingestion interface are shown, and what it did not say is n/a", async () => {
  const ingest = {
    read: async () => ({ logsPerSecond: 12.34, accepted: 1_500, rejected: null, queueSize: 7 }),
  };
  const { html } = await page(createTestDashboard({ ingest }), "/");
  expect(html).toContain("12.3");
  expect(html).toContain("1,500");
  expect(html).toContain("7 waiting");
  expect(html).toContain("The ingestion interface did not say.");
});

test("an empty page says how to send a first log", async () => {
  const app = createTestDashboard({}, { ingestUrl: "http://127.0.0.1:8004" });
  expect((await page(app, "/")).html).toContain("curl http://127.0.0.1:8004/api/ingest/batch");
});

test("pages refresh by themselves without any script, unless paused", async () => {
  const app = createTestDashboard();
  const running = await page(app, "/streams?x=1");
  expect(running.html).toContain('<noscript><meta http-equiv="refresh" content="10"/></noscript>');
  expect(running.html).toContain('href="/streams?x=1&amp;refresh=off"');
  const paused = await page(app, "/streams?refresh=off");
  expect(paused.html).not.toContain("http-equiv");
  expect(paused.html).toContain('href="/streams"');
});

test("every file a page names is there, versioned, and is not sent twice", async () => {
  const path = "/assets/ui/shell.entry-1.js";
  const shell = { path, contentType: "text/javascript", body: new Uint8Array([59]) };
  const app = createTestDashboard({}, { ui: { entries: { shell: path }, files: [shell] } });
  const { html } = await page(app, "/");
  const files = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => String(path));
  expect(files).toHaveLength(3);
  for (const path of files) {
    const first = await app.request(path);
    expect(first.status).toBe(200);
    expect(first.headers.get("cache-control")).toContain("immutable");
    const again = await app.request(path, {
      headers: { "if-none-match": first.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
  }
});

test("nothing inline may run, and nobody may frame the page", async () => {
  const { headers } = await page(createTestDashboard(), "/");
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
});
