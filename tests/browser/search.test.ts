import { PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect } from "vitest";
import type { Site } from "./support/site.ts";
import { hasChromium, test } from "./support/test.ts";

const BUCKET = "md-raw-logs";
const BASE = Date.parse("2026-11-20T00:00:00Z");
const HOUR = 3_600_000;

const folderOf = (service: string, ms: number): string => {
  const time = new Date(ms).toISOString();
  return `service=${service}/year=${time.slice(0, 4)}/month=${time.slice(5, 7)}/day=${time.slice(8, 10)}/hour=${time.slice(11, 13)}/`;
};

const PER_HOUR = 60;
const HOURS = 12;

const seed = async (site: Site): Promise<void> => {
  for (let hour = 0; hour < HOURS; hour += 1)
    for (const service of ["alpha", "beta"]) {
      const at = BASE + hour * HOUR;
      const lines = Array.from({ length: PER_HOUR }, (_, n) =>
        JSON.stringify({
          timestamp: new Date(at + n * 60_000 + (service === "beta" ? 500 : 0)).toISOString(),
          service,
          level: n % 20 === 0 ? "ERROR" : "INFO",
          message: `needle ${hour}-${n} <img src=x onerror="window.__xss=1">`,
          id: 0,
        }).replace('"id":0', '"id":9007199254740993'),
      );
      await site.s3.send(
        new PutObjectCommand({
          Bucket: BUCKET,
          Key: `${folderOf(service, at)}part-1.jsonl`,
          Body: `${lines.join("\n")}\n`,
        }),
      );
    }
};

let seeded: Promise<void> | undefined;
const ready = (site: Site): Promise<void> => {
  seeded ??= seed(site);
  return seeded;
};

/** Until it is so; the machine may have other work. */
const eventually = <T>(ask: () => T | Promise<T>, options = { timeout: 20_000 }) =>
  expect.poll(ask, options);

describe.runIf(hasChromium())("search", () => {
  test("hits come newest first, go on where they stopped, and lead to their line", async ({
    site,
    page,
  }) => {
    await ready(site);
    await page.goto("/search");
    await page.getByRole("searchbox", { name: "Text" }).fill("needle");
    await page.getByLabel("Service").fill("alpha");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    const hits = page.locator(".hits > li");
    await eventually(() => hits.count()).toBe(100);
    await page.locator(".search-status", { hasText: "stopped at the limit of a page" }).waitFor();
    expect(new URL(page.url()).searchParams.get("service")).toBe("alpha");
    const done = page.locator(".search-status", { hasText: "everything was searched" });
    for (let round = 0; round < 20; round += 1) {
      const more = page.getByRole("button", { name: "Continue" });
      if ((await more.count()) === 0) break;
      const before = await hits.count();
      await more.click();
      await eventually(async () => (await hits.count()) > before || (await done.count()) > 0).toBe(
        true,
      );
      await eventually(() => page.getByRole("button", { name: "Stop" }).count()).toBe(0);
    }
    await done.waitFor();
    expect(await hits.count()).toBe(PER_HOUR * HOURS);
    const times = await page.locator(".hits .at").allInnerTexts();
    expect(times).toEqual([...times].sort().reverse());
    expect(
      new Set(
        await page
          .locator(".hits .at")
          .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href)),
      ).size,
    ).toBe(PER_HOUR * HOURS);
    expect(await hits.first().innerText()).toContain("9007199254740993");
    expect(await hits.first().innerText()).toContain("<img src=x");
    expect(await page.evaluate(() => (window as { __xss?: number }).__xss)).toBeUndefined();
    const text = await hits.nth(3).locator("code").innerText();
    await hits.nth(3).locator(".at").click();
    await page.locator('.log-app[data-phase="ready"]').waitFor();
    const message = /needle \d+-\d+/.exec(text)?.[0] ?? "?";
    await eventually(() => page.locator('[aria-selected="true"]').innerText()).toContain(message);
  });

  test("level and time narrow it; back and forward bring each search again", async ({
    site,
    page,
  }) => {
    await ready(site);
    await page.goto(
      `/search?bucket=${BUCKET}&q=needle&lvl=fatal,error&from=2026-11-20T02:00:00Z&to=2026-11-20T04:00:00Z`,
    );
    const hits = page.locator(".hits > li");
    await eventually(() => hits.count()).toBe(2 * 2 * 3);
    await page.getByLabel("Service").fill("beta");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await eventually(() => hits.count()).toBe(2 * 3);
    await page.goBack();
    await eventually(() => hits.count()).toBe(2 * 2 * 3);
    await page.getByRole("searchbox", { name: "Text" }).fill("not anywhere at all");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing was found").waitFor();
    expect(await page.locator(".empty pre").innerText()).toContain("/api/ingest/batch");
  });

  test("a pattern is refused with what to do instead", async ({ site, page }) => {
    await ready(site);
    await page.goto(`/search?bucket=${BUCKET}`);
    await page.getByRole("searchbox", { name: "Text" }).fill("/needle/");
    page.removeAllListeners("console");
    await page.keyboard.press("Enter");
    await page.getByText("words and phrases").waitFor();
  });

  test("without scripts a search is a form, its pages are links", async ({ site, browser }) => {
    await ready(site);
    const context = await browser.newContext({ javaScriptEnabled: false, baseURL: site.url });
    const page = await context.newPage();
    await page.goto("/search");
    await page.locator("input[name=q]").fill("needle");
    await page.locator("input[name=service]").fill("beta");
    await page.getByRole("button", { name: "Search" }).click();
    await eventually(() => page.locator(".hits > li").count()).toBe(100);
    await page.getByRole("link", { name: "Continue" }).click();
    await page.waitForURL(/[?&]cursor=/);
    expect(await page.locator(".hits > li").count()).toBe(100);
    await page.locator(".hits .at").first().click();
    await page.waitForURL(/\/logs\//);
    expect(await page.locator("ol.lines > li").count()).toBeGreaterThan(0);
    await context.close();
  });
});
