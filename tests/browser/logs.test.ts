import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import type { Site } from "./support/site.ts";
import { hasChromium, test } from "./support/test.ts";

const BUCKET = "md-raw-logs";
const START = Date.parse("2026-11-20T10:00:00Z");
const LINES = 100_000;
const BIG_ID = "9007199254740993";

const SERVICES = ["api", "payment-service", "auth", "user", "inventory"];

const lineOf = (n: number): string => {
  const level = n % 10 === 0 ? "ERROR" : n % 10 < 3 ? "WARN" : "INFO";
  return `{"timestamp":"${new Date(START + n * 36).toISOString()}","trace_id":"t${String(n).padStart(27, "0")}","service":"${SERVICES[n % 5]}","level":"${level}","path":"/v1/orders/${n % 13}","message":"request handled ${n % 7 === 0 ? "refund" : "order"}","status":${level === "ERROR" ? 500 : 200},"latency_ms":${(n % 900) + 0.5},"user_id":${BIG_ID},"note":"${"x".repeat(8)}"}`;
};

const HOSTILE = '<img src=x onerror="window.__xss=1"> \\u001b[31mred\\u001b[0m \u202egnp.exe';

/** 100,000 lines: three broken ones, one of 1.2 MB, one that is out to do harm. */
const makeLines = (): string[] => {
  const lines = Array.from({ length: LINES }, (_, n) => lineOf(n));
  lines[11] = `{"timestamp":"${new Date(START).toISOString()}","level":"WARN","service":"evil","message":"${HOSTILE.replaceAll('"', '\\"')}"}`;
  lines[21] = "this is no json {";
  lines[31] = '{"level":"ERROR",';
  lines[41] = "<b>plain</b>";
  lines[51] = `{"timestamp":"${new Date(START).toISOString()}","level":"INFO","service":"big","message":"${"B".repeat(1_200_000)}"}`;
  return lines;
};

const ALL = makeLines();

const put = (site: Site, key: string, body: string | Uint8Array, type?: string) =>
  site.s3.send(
    new PutObjectCommand({
      Bucket: BUCKET,
      Key: key,
      Body: body,
      ...(type === undefined ? {} : { ContentType: type }),
    }),
  );

let seeded: Promise<unknown> | undefined;

/** The objects of this file; put once. */
const seed = (site: Site): Promise<unknown> => {
  seeded ??= Promise.all([
    put(site, "log100k.jsonl.gz", gzipSync(`${ALL.join("\n")}\n`)),
    put(site, "small.jsonl", `${ALL.slice(0, 60).join("\n")}\n`, "text/html"),
    put(site, "bomb.jsonl.gz", gzipSync(new Uint8Array(200 * 1024 * 1024))),
    put(
      site,
      "evil-pattern.jsonl",
      `${JSON.stringify({ message: `${"a".repeat(64)}!` })}\n`.repeat(50),
    ),
    put(site, "csv.jsonl", '{"service":"a","note":"=1+1"}\n{"service":"b","note":"-5"}\n'),
  ]);
  return seeded;
};

const open = async (site: Site, page: Page, query: string): Promise<void> => {
  await seed(site);
  await page.goto(`/logs/${BUCKET}?${query}`);
  await page.locator('.log-app[data-phase="ready"]').waitFor({ timeout: 45_000 });
};

/** Until it is so; the machine may have other work. */
const eventually = <T>(ask: () => T | Promise<T>, options = { timeout: 20_000 }) =>
  expect.poll(ask, options);

const status = (page: Page) => page.locator(".log-status").innerText();
const rows = (page: Page) => page.locator(".log-list [role=row][data-drawn]");
const counted = (page: Page, text: string) => eventually(() => status(page)).toContain(text);
const count = (lines: readonly string[], test: (line: string) => boolean): string =>
  lines.filter(test).length.toLocaleString("en-US");

describe.runIf(hasChromium())("the log viewer", () => {
  test("100,000 lines: few rows in the document, the last one a key away, no frame dropped for long", async ({
    site,
    page,
  }) => {
    await open(site, page, "key=log100k.jsonl.gz");
    await counted(page, "100,000 of 100,000 lines");
    expect(await page.locator("[role=row]").count()).toBeLessThanOrEqual(80);
    const grid = page.getByRole("grid", { name: "Log lines" });
    expect(await grid.getAttribute("aria-rowcount")).toBe("100000");
    expect(await grid.getAttribute("aria-live")).toBeNull();
    await page.keyboard.press("G");
    await eventually(() => page.locator('[aria-rowindex="100000"]').count()).toBe(1);
    await eventually(() => page.locator('[aria-selected="true"]').innerText()).toContain(
      "request handled",
    );
    expect(new URL(page.url()).searchParams.get("L")).toBe("100000");
    expect(await page.locator("[role=row]").count()).toBeLessThanOrEqual(80);
    await page.keyboard.press("g");
    await page.keyboard.press("g");
    await eventually(() => page.locator('[aria-rowindex="1"]').count()).toBe(1);
  });

  test("what is typed filters, is counted exactly, and is in the address without a step of its own", async ({
    site,
    page,
  }) => {
    await open(site, page, "key=log100k.jsonl.gz");
    const steps = await page.evaluate(() => history.length);
    await page.keyboard.press("/");
    await page.keyboard.type("refund");
    await counted(page, `${count(ALL, (line) => line.includes("refund"))} of 100,000`);
    expect(new URL(page.url()).searchParams.get("q")).toBe("refund");
    expect(await page.evaluate(() => history.length)).toBe(steps);
    await page.keyboard.type(" -payment status:500");
    await page.keyboard.press("Enter");
    const both = (line: string) =>
      line.includes("refund") && !line.includes("payment") && line.includes('"status":500');
    await counted(page, `${count(ALL, both)} of 100,000`);
    expect(new URL(page.url()).searchParams.getAll("f")).toEqual(["status:500"]);
    await page.goBack();
    await counted(page, "of 100,000");
    await page.getByRole("searchbox", { name: "Filter lines" }).fill("/request \\w+ refund/");
    await counted(page, `${count(ALL, (line) => /request \w+ refund/.test(line))} of`);
    await page.getByRole("searchbox", { name: "Filter lines" }).fill("is:invalid");
    await counted(page, "3 of 100,000");
    await eventually(() => page.locator(".log-text", { hasText: "⚠" }).count()).toBe(3);
  });

  test("the same address shows the same: filter, order, line and the lines around it", async ({
    site,
    page,
    context,
  }) => {
    await open(site, page, "key=log100k.jsonl.gz");
    const facet = (text: string) => page.locator(".facet-value", { hasText: text }).first();
    await facet("error").click();
    const errors = count(ALL, (line) => line.includes('"level":"ERROR"') && line.endsWith("}"));
    await counted(page, `${errors} of 100,000`);
    await facet("/v1/orders/5").click();
    await eventually(() => page.locator(".log-chip").count()).toBe(2);
    await page.keyboard.press("Escape");
    await page.keyboard.press("e");
    await eventually(() => page.locator('[aria-selected="true"]').count()).toBe(1);
    await page.keyboard.press("c");
    await eventually(() => page.locator(".is-context[data-line]").count()).toBeGreaterThan(5);
    await eventually(() => new URL(page.url()).searchParams.get("ctx")).toBe("10");
    const before = await status(page);
    const selected = await page.locator('[aria-selected="true"]').innerText();
    const other = await context.newPage();
    await other.goto(page.url());
    await other.locator('.log-app[data-phase="ready"]').waitFor({ timeout: 45_000 });
    expect((await status(other)).split("·")[0]).toBe(before.split("·")[0]);
    await eventually(() => other.locator('[aria-selected="true"]').innerText()).toBe(selected);
    await eventually(() => other.locator('[aria-selected="true"]').isVisible()).toBe(true);
    expect(await other.locator(".log-chip").allInnerTexts()).toEqual(
      await page.locator(".log-chip").allInnerTexts(),
    );
    await other.close();
    await page.goBack();
    await eventually(() => page.locator(".is-context").count()).toBe(0);
    await page.goBack();
    await eventually(() => page.locator(".log-chip").count()).toBe(1);
    await page.goForward();
    await eventually(() => page.locator(".log-chip").count()).toBe(2);
  });

  test("lines around a hit: any number of them, and the hit stays marked", async ({
    site,
    page,
  }) => {
    await open(site, page, "key=log100k.jsonl.gz&q=t000000000000000000000050000");
    await counted(page, "1 of 100,000");
    await page.keyboard.press("j");
    await eventually(() => page.locator('[aria-selected="true"]').count()).toBe(1);
    for (let press = 1; press <= 10; press += 1) {
      await page.keyboard.press("c");
      await eventually(() => new URL(page.url()).searchParams.get("ctx")).toBe(String(press * 10));
    }
    const grid = page.getByRole("grid");
    // 100 before, 100 after, the hit, and the two edges.
    await eventually(() => grid.getAttribute("aria-rowcount")).toBe("203");
    await eventually(() => page.locator('[aria-selected="true"]').count()).toBe(1);
    await page.keyboard.press("Escape");
    await eventually(() => grid.getAttribute("aria-rowcount")).toBe("1");
  });

  test("the buckets of the histogram add up; a dragged span zooms, Escape goes back", async ({
    site,
    page,
  }) => {
    await open(site, page, "key=log100k.jsonl.gz");
    const bars = page.getByRole("slider");
    expect(await page.locator(".log-histogram figcaption").textContent()).toContain(
      "100,000 lines",
    );
    const box = await bars.boundingBox();
    if (box === null) throw new Error("The histogram is not there.");
    await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await eventually(() => new URL(page.url()).searchParams.get("from")).toContain(
      "2026-11-20T10:",
    );
    const { searchParams } = new URL(page.url());
    const from = Date.parse(searchParams.get("from") ?? "");
    const to = Date.parse(searchParams.get("to") ?? "");
    const first = Math.ceil((from - START) / 36);
    const last = Math.ceil((to - START) / 36);
    await counted(page, `${(last - first).toLocaleString("en-US")} of 100,000`);
    await page.keyboard.press("Escape");
    await counted(page, "100,000 of 100,000");
    await bars.focus();
    for (const key of ["ArrowRight", "ArrowRight", "Shift+ArrowRight", "Enter"])
      await page.keyboard.press(key);
    await eventually(() => new URL(page.url()).searchParams.get("to")).not.toBeNull();
    await page.getByRole("button", { name: "Zoom out" }).click();
    await counted(page, "100,000 of 100,000");
  });

  test("a 64-bit integer is whole in the row, the details, the indented text, the copy and the download", async ({
    site,
    page,
    context,
  }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await open(site, page, "key=small.jsonl&q=refund");
    await eventually(() => rows(page).count()).toBeGreaterThan(3);
    expect(await rows(page).first().innerText()).toContain(BIG_ID);
    await rows(page).first().click();
    const details = page.getByRole("complementary", { name: "Details of the line" });
    await eventually(() => details.locator(".log-fields").first().innerText()).toContain(BIG_ID);
    expect(await details.locator(".log-raw").innerText()).toBe(lineOf(0));
    await details.getByRole("button", { name: "indented" }).click();
    await eventually(() => details.locator(".log-raw").innerText()).toContain(
      `"user_id": ${BIG_ID}`,
    );
    await page.keyboard.press("y");
    await eventually(() => page.evaluate(() => navigator.clipboard.readText())).toBe(lineOf(0));
    await details.getByText("Copy as").click();
    await details.getByRole("button", { name: "curl" }).click();
    await eventually(() => page.evaluate(() => navigator.clipboard.readText())).toContain("curl ");
    const command = await page.evaluate(() => navigator.clipboard.readText());
    const url = /http[^']+/.exec(command)?.[0] ?? "";
    expect(await (await fetch(url)).text()).toBe(`${lineOf(0)}\n`);
    const expected = ALL.slice(0, 60).filter((line) => line.includes("refund"));
    const downloading = page.waitForEvent("download");
    await page.locator(".log-tools").getByText("Download").click();
    await page.getByRole("button", { name: "JSON lines, as stored" }).click();
    const file = await (await downloading).path();
    expect(await readFile(file, "utf8")).toBe(expected.map((line) => `${line}\n`).join(""));
  });

  test("a spreadsheet calculates nothing of what is downloaded", async ({ site, page }) => {
    await open(site, page, "key=csv.jsonl");
    const downloading = page.waitForEvent("download");
    await page.locator(".log-tools").getByText("Download").click();
    await page.getByRole("button", { name: "CSV" }).click();
    const text = await readFile(await (await downloading).path(), "utf8");
    expect(text).toBe("service,note\r\na,'=1+1\r\nb,-5\r\n");
  });

  test("whatever a line holds, it is text: nothing of it runs, nothing of it is hidden", async ({
    site,
    page,
  }) => {
    await open(site, page, "key=small.jsonl&q=gnp.exe");
    await counted(page, "1 of 60");
    await rows(page).first().click();
    const details = page.locator(".log-details");
    await details.locator(".log-raw").waitFor();
    for (const text of [await rows(page).first().innerText(), await details.innerText()]) {
      expect(text).toContain("<img src=x onerror=");
      expect(text).toContain("⟨U+202E⟩");
    }
    expect(await rows(page).first().innerText()).toContain("⟨U+001B⟩");
    expect(await page.evaluate(() => (window as { __xss?: number }).__xss)).toBeUndefined();
    expect(await page.locator("main img, main script, main b:has-text('plain')").count()).toBe(0);
    await page.getByRole("searchbox", { name: "Filter lines" }).fill("plain");
    await counted(page, "1 of 60");
    expect(await rows(page).first().innerText()).toContain("<b>plain</b>");
  });

  test("a line of 1.2 MB is a preview, and whole when asked for", async ({ site, page }) => {
    await open(site, page, "key=small.jsonl&f=service:big");
    await counted(page, "1 of 60");
    await rows(page).first().click();
    const raw = page.locator(".log-raw");
    await eventually(async () => (await raw.innerText()).length).toBe(4_096);
    await page.getByRole("button", { name: /^Show all/ }).click();
    await eventually(async () => (await raw.textContent())?.length).toBeGreaterThan(1_200_000);
  });

  test("a pattern that never ends is stopped and refused; the page lives on", async ({
    site,
    page,
  }) => {
    await open(site, page, "key=evil-pattern.jsonl");
    await counted(page, "50 of 50");
    const filter = page.getByRole("searchbox", { name: "Filter lines" });
    await filter.fill("/(a+)+$/");
    await eventually(() => status(page), { timeout: 20_000 }).toContain("longer than 2 s");
    await filter.fill("aaa");
    await counted(page, "50 of 50");
  });

  test("what unpacks to far more than it is, is refused in words", async ({ site, page }) => {
    await seed(site);
    await page.goto(`/logs/${BUCKET}?key=bomb.jsonl.gz`);
    await eventually(() => page.locator(".failure").innerText()).toContain("200 times its size");
  });

  test("a range shows the lines of its objects in the order of time, and follows what comes", async ({
    site,
    page,
  }) => {
    const now = Date.now();
    const logs = Array.from({ length: 40 }, (_, n) => ({
      timestamp: new Date(now - 60_000 + n * 1_000).toISOString(),
      service: n % 2 ? "range-a" : "range-b",
      level: "INFO",
      message: `in order ${String(n).padStart(2, "0")}`,
    }));
    await site.send(logs);
    await eventually(
      async () => {
        const query = `bucket=${BUCKET}&q=%22in+order%22&limit=100`;
        const answer = await fetch(`${site.url}/api/search?${query}`);
        return ((await answer.json()) as { hits: unknown[] }).hits.length;
      },
      { timeout: 30_000 },
    ).toBe(40);
    await open(site, page, "from=-2h&q=%22in+order%22");
    await counted(page, "40 of");
    await page.keyboard.press("Home");
    const shown = async () =>
      (await page.locator(".log-text").allInnerTexts())
        .map((text) => /in order (\d\d)/.exec(text)?.[1])
        .filter((text) => text !== undefined);
    await eventually(async () => (await shown()).length).toBeGreaterThan(10);
    const order = await shown();
    expect(order).toEqual([...order].sort());
    await page.getByRole("button", { name: "Follow" }).click();
    await site.send([
      {
        timestamp: new Date().toISOString(),
        service: "range-a",
        level: "ERROR",
        message: "in order 99",
      },
    ]);
    await eventually(() => status(page), { timeout: 40_000 }).toContain("41 of");
  });

  test("without a mouse: open, filter, next error, details, copy, close; the keys are listed", async ({
    site,
    page,
    context,
  }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await open(site, page, "key=small.jsonl");
    await page.keyboard.press("/");
    await page.keyboard.type("order");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await eventually(() => page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe(
      "grid",
    );
    await page.keyboard.press("e");
    await eventually(() => page.locator('[aria-selected="true"].level-error').count()).toBe(1);
    const active = await page.getByRole("grid").getAttribute("aria-activedescendant");
    expect(await page.locator(`#${active}`).getAttribute("aria-selected")).toBe("true");
    await page.keyboard.press("Enter");
    await page.locator(".log-details").waitFor();
    await page.keyboard.press("Y");
    await eventually(() => page.evaluate(() => navigator.clipboard.readText())).toContain("L=");
    await page.keyboard.press("Escape");
    await eventually(() => page.locator(".log-details").count()).toBe(0);
    await page.keyboard.press("?");
    await page
      .getByRole("dialog", { name: "Keyboard" })
      .getByText("next, previous error")
      .waitFor();
  });

  test("it is accessible, dark and light, and fits 320 pixels", async ({ site, page, context }) => {
    for (const theme of ["dark", "light"]) {
      await context.addCookies([{ name: "theme", value: theme, url: site.url }]);
      await open(site, page, "key=small.jsonl&q=refund");
      await rows(page).first().click();
      await page.locator(".log-details").waitFor();
      // Evaluated, not inserted: the page's policy lets no script in.
      await page.evaluate(axe.source);
      const found = await page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: {
            run(
              options: object,
            ): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
          };
        };
        const tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
        const { violations } = await axe.run({ runOnly: tags });
        return violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
        );
      });
      expect([theme, ...found]).toEqual([theme]);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    await eventually(() =>
      page.evaluate(() => document.documentElement.scrollWidth),
    ).toBeLessThanOrEqual(320);
  });

  test("without scripts: the first 500 lines, a filter and the whole object", async ({
    site,
    browser,
  }) => {
    await seed(site);
    const context = await browser.newContext({ javaScriptEnabled: false, baseURL: site.url });
    const page = await context.newPage();
    await page.goto(`/logs/${BUCKET}?key=log100k.jsonl.gz`);
    expect(await page.locator("ol.lines > li").count()).toBe(500);
    await page.locator("input[name=q]").fill("refund");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL(/[?&]q=refund/);
    const lines = await page.locator("ol.lines > li code").allInnerTexts();
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.every((line) => line.includes("refund"))).toBe(true);
    const link = await page.getByRole("link", { name: "Download object" }).getAttribute("href");
    const answer = await fetch(`${site.url}${link}`);
    expect(answer.headers.get("content-disposition")).toContain("attachment");
    await answer.body?.cancel();
    await context.close();
  });
});
