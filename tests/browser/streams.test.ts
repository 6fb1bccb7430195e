import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { BrowserContext, Page } from "playwright-core";
import { describe, expect } from "vitest";
import { poll } from "../support/poll.ts";
import type { Site } from "./support/site.ts";
import { hasChromium, test } from "./support/test.ts";

const STREAM = "stage01-logs-stream";
const LIVE = `/streams/${STREAM}?tab=live`;

let counter = 0;

/** Sends logs that are numbered through the whole file; answers the first and the last number. */
const sendLines = async (site: Site, count: number, level = "INFO") => {
  const first = counter;
  for (let left = count; left > 0; left -= 500) {
    const logs = Array.from({ length: Math.min(500, left) }, () => ({
      timestamp: new Date().toISOString(),
      service: `svc-${counter % 3}`,
      level,
      message: "request handled",
      n: counter++,
    }));
    await site.send(logs);
  }
  return { first, last: counter - 1 };
};

const island = (page: Page) => page.locator("[data-island=streams-live]");
const list = (page: Page) => page.getByRole("grid");
const figure = async (page: Page, name: string): Promise<number> =>
  Number(await island(page).getAttribute(`data-${name}`));
const state = (page: Page) => island(page).getAttribute("data-state");

/** Opens the tail and waits until it follows: the first line proves it. */
const openTail = async (page: Page, site: Site, query = ""): Promise<void> => {
  await page.goto(`${LIVE}${query}`);
  await poll("the tail to show a line", async () => {
    await sendLines(site, 1);
    return (
      (await figure(page, "total")) > 0 &&
      page.getByText("GetRecords/s").or(page.getByText("every 2 s")).isVisible()
    );
  });
};

/** Waits until a line of this number is in the list or held back, by waiting for the count. */
const grown = (page: Page, from: number, by: number) =>
  poll(`${by} more lines`, async () => (await figure(page, "total")) >= from + by, 30_000);

const settled = async (page: Page): Promise<number> => {
  let last = -1;
  return poll("the tail to be at its end", async () => {
    const total = await figure(page, "total");
    const isStill = total === last;
    last = total;
    await page.waitForTimeout(2_500);
    return isStill && total;
  });
};

/** The numbers of all lines in the list, by scrolling through it. */
const numbersInList = (page: Page): Promise<number[]> =>
  list(page).evaluate(async (grid) => {
    const numbers = new Map<number, number>();
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let top = 0; ; top += grid.clientHeight) {
      grid.scrollTop = top;
      await frame();
      await frame();
      for (const row of grid.querySelectorAll("[role=row]")) {
        const found = / n=(\d+)/.exec(row.textContent ?? "");
        if (found) numbers.set(Number(row.getAttribute("aria-rowindex")), Number(found[1]));
      }
      if (top + grid.clientHeight >= grid.scrollHeight) break;
    }
    return [...numbers.entries()].sort(([a], [b]) => a - b).map(([, n]) => n);
  });

const pauseByScrolling = async (page: Page): Promise<number> => {
  await list(page).hover();
  await page.mouse.wheel(0, -300);
  await expect.poll(() => state(page)).toBe("paused");
  // The wheel's scrolling is smooth and ends by itself.
  let top = -1;
  return poll("scrolling to end", async () => {
    const now = await list(page).evaluate((grid) => grid.scrollTop);
    const isStill = now === top;
    top = now;
    return isStill && now;
  });
};

const tails = async (site: Site) =>
  (
    (await (await fetch(`${site.url}/api/kinesis/tails`)).json()) as {
      tails: { viewers: number; readers: number; calls: number }[];
    }
  ).tails[0];

describe.runIf(hasChromium()).each(["sse", "poll"] as const)("the live tail by %s", (mode) => {
  const prepare = async (site: Site): Promise<void> => {
    const answer = await (await fetch(`${site.url}${LIVE}`)).text();
    if (!answer.includes(`&quot;mode&quot;:&quot;${mode}&quot;`))
      await site.restart("dashboard", { TAIL_MODE: mode });
  };

  test("scrolling up pauses: nothing moves, what is new is counted, End shows all of it", async ({
    site,
    page,
  }) => {
    await prepare(site);
    await openTail(page, site);
    const start = await figure(page, "total");
    await sendLines(site, 200);
    await grown(page, start, 200);
    const top = await pauseByScrolling(page);
    const seen = await list(page).locator("[role=row]").first().textContent();
    const before = await settled(page);
    await sendLines(site, 300);
    await sendLines(site, 7, "ERROR");
    await grown(page, before, 307);
    await page.getByRole("button", { name: "▼ 307 new · 7 errors" }).waitFor();
    expect(await list(page).evaluate((grid) => grid.scrollTop)).toBe(top);
    expect(await list(page).locator("[role=row]").first().textContent()).toBe(seen);
    await page.keyboard.press("End");
    await expect.poll(() => state(page)).toBe("following");
    const numbers = await numbersInList(page);
    const expected = Array.from({ length: 507 }, (_, at) => counter - 507 + at);
    expect([...numbers].sort((a, b) => a - b).slice(-507)).toEqual(expected);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test("a connection that breaks is made again, and no line is lost or shown twice", async ({
    site,
    context,
  }) => {
    await prepare(site);
    // The browser complains of the connection, as it should.
    const page = await context.newPage();
    await openTail(page, site);
    await sendLines(site, 100);
    const before = await settled(page);
    await sendLines(site, 50);
    const restarted = site.restart("dashboard", { TAIL_MODE: mode });
    await sendLines(site, 100);
    await restarted;
    await sendLines(site, 50);
    await grown(page, before, 200);
    const numbers = await numbersInList(page);
    const all = [...numbers].sort((a, b) => a - b).slice(-200);
    expect(all).toEqual(Array.from({ length: 200 }, (_, at) => counter - 200 + at));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(await list(page).getByText("skipped").count()).toBe(0);
  });

  test("what arrives while paused beyond what is kept is one gap with its number, and a click loads it", async ({
    site,
    page,
  }) => {
    await prepare(site);
    await openTail(page, site);
    const before = await settled(page);
    await page.keyboard.press("p");
    await expect.poll(() => state(page)).toBe("paused");
    await page.getByRole("button", { name: "Clear" }).click();
    for (let sent = 1_000; sent <= 6_000; sent += 1_000) {
      await sendLines(site, 1_000);
      await grown(page, before, sent);
    }
    await page.keyboard.press("End");
    await expect.poll(() => state(page)).toBe("following");
    await page.keyboard.press("p");
    await list(page).evaluate((grid) => {
      grid.scrollTop = 0;
    });
    const gap = list(page).getByText("1,000 lines skipped");
    await gap.waitFor();
    expect(await list(page).locator(".is-skip").count()).toBe(1);
    await list(page).getByRole("button", { name: "load" }).click();
    await expect.poll(() => list(page).locator(".is-skip").count()).toBe(0);
    const numbers = await numbersInList(page);
    const all = [...numbers].sort((a, b) => a - b).slice(-6_000);
    expect(all).toEqual(Array.from({ length: 6_000 }, (_, at) => counter - 6_000 + at));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(await page.locator(".tail-row").count()).toBeLessThanOrEqual(80);
  }, 120_000);
});

describe.runIf(hasChromium())("streams in the browser", () => {
  test("selected text stays selected while lines arrive", async ({ site, page }) => {
    await site.restart("dashboard");
    await openTail(page, site);
    await sendLines(site, 60);
    const before = await settled(page);
    await list(page)
      .locator("[role=row]")
      .nth(3)
      .evaluate((row) => getSelection()?.selectAllChildren(row));
    const text = () => page.evaluate(() => String(getSelection()));
    const selected = await text();
    expect(selected).not.toBe("");
    await expect.poll(() => state(page)).toBe("paused");
    await sendLines(site, 200);
    await grown(page, before, 200);
    expect(await text()).toBe(selected);
  });

  test("details show every digit, a hostile line stays text, and j and Escape need no mouse", async ({
    site,
    page,
  }) => {
    await openTail(page, site);
    const evil = '<img src=x onerror="window.__xss=1">\u202e';
    await site.send([{ service: "evil", level: "ERROR", message: evil, id: 1, big: "BIG" }]);
    const raw =
      '{"service":"digits","level":"WARN","message":"exact","id":9007199254740993,"f":1.0}';
    await fetch(`${site.ingestUrl}/api/ingest/batch`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"logs":[${raw}]}`,
    });
    await list(page).getByText("onerror").first().waitFor();
    const row = list(page).getByRole("row").filter({ hasText: "id=9007199254740993" });
    await row.click();
    const drawer = page.getByRole("complementary", { name: "Details of the line" });
    await drawer.getByText(raw).waitFor();
    expect(await state(page)).toBe("paused");
    await page.keyboard.press("k");
    await page.keyboard.press("j");
    await drawer.getByText(raw).waitFor();
    await drawer.getByRole("link", { name: "Open the record" }).click();
    await page.waitForURL(/tab=records.*seq=\d+/);
    await page.locator("pre.raw").getByText("9007199254740993").first().waitFor();
    await page.goto(LIVE);
    await list(page).getByText("onerror").first().waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    expect(await page.evaluate(() => "__xss" in window)).toBe(false);
  });

  test("the filter keeps lines with its words, and the address holds it", async ({
    site,
    page,
  }) => {
    await openTail(page, site);
    await site.send([
      { service: "pay", level: "ERROR", message: "refund refused" },
      { service: "pay", level: "INFO", message: "refund done" },
    ]);
    await list(page).getByText("refund done").waitFor();
    await page.getByRole("searchbox", { name: "Lines with these words" }).fill("REFUND pay");
    await expect.poll(() => list(page).getAttribute("aria-rowcount")).toBe("2");
    await page.getByLabel("Level").selectOption("error");
    await expect.poll(() => list(page).getAttribute("aria-rowcount")).toBe("1");
    expect(new URL(page.url()).searchParams.get("q")).toBe("REFUND pay");
    expect(new URL(page.url()).searchParams.get("lvl")).toBe("error");
  });

  test("five viewers cost one read a second and shard; when they go, nobody watches", async ({
    site,
    context,
    page,
  }) => {
    await openTail(page, site);
    const others: Page[] = [];
    for (let tab = 0; tab < 4; tab += 1) {
      const other = await context.newPage();
      await other.goto(LIVE);
      others.push(other);
    }
    await poll("four to be pushed to", async () => (await tails(site))?.viewers === 4);
    const before = await tails(site);
    const from = performance.now();
    await page.waitForTimeout(5_000);
    const after = await tails(site);
    const seconds = (performance.now() - from) / 1_000;
    const calls = (after?.calls ?? 0) - (before?.calls ?? 0);
    expect(calls).toBeGreaterThan(0);
    expect(calls / (after?.readers ?? 0)).toBeLessThanOrEqual(seconds + 1);
    await Promise.all([...others, page].map((tab) => tab.close()));
    await poll(
      "everybody to be gone",
      async () => ((await tails(site))?.viewers ?? 0) === 0,
      5_000,
    );
  });

  test("eight tabs do not use up the browser's connections", async ({ site, context, page }) => {
    await openTail(page, site);
    const open = async (from: BrowserContext) => {
      const tab = await from.newPage();
      await tab.goto(LIVE);
      return tab;
    };
    const tabs = [page];
    for (let tab = 1; tab < 8; tab += 1) tabs.push(await open(context));
    await sendLines(site, 10);
    for (const tab of tabs)
      await poll("every tab to have lines", async () => (await figure(tab, "total")) > 0);
    expect((await tails(site))?.viewers).toBeLessThanOrEqual(4);
  });

  test("the list is no live region, and what is read aloud is said now and then only", async ({
    site,
    page,
  }) => {
    await openTail(page, site);
    const changes = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let count = 0;
          const spoken = document.querySelector(".live-island [role=status]");
          if (spoken)
            new MutationObserver((records) => {
              count += records.filter(({ type }) => type === "childList").length;
            }).observe(spoken, { childList: true });
          setTimeout(() => resolve(count), 9_000);
        }),
    );
    for (let batch = 0; batch < 8; batch += 1) {
      await sendLines(site, 20);
      await page.waitForTimeout(1_000);
    }
    expect(await changes).toBeLessThanOrEqual(3);
    expect(await page.locator("[role=grid] [aria-live], [role=grid][aria-live]").count()).toBe(0);
  });

  test("no tab breaks a rule of WCAG 2.2 AA that a machine can see, dark or light", async ({
    site,
    page,
  }) => {
    const source = await readFile(createRequire(import.meta.url).resolve("axe-core"), "utf8");
    await sendLines(site, 20);
    for (const theme of ["dark", "light"]) {
      await page.goto(`/preferences?theme=${theme}&back=/streams`);
      for (const tab of ["", "?tab=live", "?tab=records", "?tab=consumers", "?tab=charts"]) {
        await page.goto(`/streams/${STREAM}${tab}`);
        if (tab === "?tab=live") await openTail(page, site);
        await page.evaluate(source);
        const violations = await page.evaluate(async () => {
          type Axe = {
            run(
              options: object,
            ): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
          };
          const { axe } = window as unknown as { axe: Axe };
          const found = await axe.run({
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
          });
          return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
        });
        expect(violations, `${theme} ${tab}`).toEqual([]);
      }
    }
  });

  test("charts are drawn, read with the keys, and stand as a table", async ({ page }) => {
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(`/streams/${STREAM}?tab=charts&range=15`);
    const plot = page.getByRole("group", { name: /came in/ });
    await plot.locator("canvas").waitFor();
    await plot.focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByText(/^\d\d:\d\d:\d\dZ: landed/).waitFor({ state: "attached" });
    await page.getByText("As a table").click();
    await page.getByRole("columnheader", { name: "In, both streams" }).waitFor();
  });

  test("no tab scrolls sideways at 320 px", async ({ site, page }) => {
    await sendLines(site, 20);
    await page.setViewportSize({ width: 320, height: 700 });
    for (const path of ["", "?tab=live", "?tab=records", "?tab=consumers", "?tab=charts"]) {
      await page.goto(`/streams/${STREAM}${path}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, path).toBeLessThanOrEqual(320);
    }
  });
});
