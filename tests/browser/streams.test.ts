import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { BrowserContext, Page } from "playwright-core";
import { describe, expect } from "vitest";
import { poll } from "../support/poll.ts";
import {
  figure,
  grown,
  LIVE,
  list,
  openTail,
  STREAM,
  sendLines,
  settled,
  state,
  tails,
} from "./support/tail.ts";
import { hasChromium, test } from "./support/test.ts";

describe.runIf(hasChromium())("streams in the browser", () => {
  test("selected text stays selected while lines arrive", async ({ site, page }) => {
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
