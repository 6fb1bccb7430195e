import { describe, expect } from "vitest";
import { LOG_100K_KEY } from "../../src/local/demo-data/objects.ts";
import { test as base } from "./support/demo.ts";
import { hasChromium } from "./support/test.ts";

/** A browser that runs no scripts. */
const test = base.extend({
  context: async ({ browser, site }, use) => {
    const context = await browser.newContext({ baseURL: site.url, javaScriptEnabled: false });
    context.setDefaultTimeout(15_000);
    await use(context);
    await context.close();
  },
});

describe.runIf(hasChromium())("without JavaScript", () => {
  test("every page is there to read", { timeout: 120_000 }, async ({ demo, page }) => {
    for (const [name, path] of demo.pages) {
      await page.goto(path);
      expect([name, await page.locator("main h1").count()]).toEqual([name, 1]);
      expect([name, (await page.locator("main").innerText()).length > 60]).toEqual([name, true]);
    }
  });

  test("objects are found by prefix, and paged", async ({ demo, site, page }) => {
    expect(demo.logs).toBeGreaterThan(0);
    await page.goto("/buckets/md-raw-logs");
    await page
      .locator("main form input[name=prefix], main form input[name=q]")
      .first()
      .fill("service=checkout/");
    await page.keyboard.press("Enter");
    await page.waitForURL(/service%3Dcheckout/);
    expect(await page.locator("main a", { hasText: "year=" }).count()).toBeGreaterThan(0);
    expect(page.url().startsWith(site.url)).toBe(true);
  });

  test("the first 500 lines of a large object are shown, filtered by a form, and downloaded", async ({
    demo,
    page,
  }) => {
    expect(demo.logs).toBeGreaterThan(0);
    await page.goto(`/logs/md-demo?key=${LOG_100K_KEY}`);
    const main = page.locator("main");
    expect(await main.innerText()).toContain("9007199254740993");
    expect(await main.innerText()).toContain("⟨U+202E⟩");
    await page.locator("main form input[name=q]").first().fill("cache hit");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=cache/);
    const text = await main.innerText();
    expect(text).toContain("cache hit");
    expect(text).not.toContain("batch flushed to storage");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page
        .getByRole("link", { name: /download/i })
        .first()
        .click(),
    ]);
    expect(download.suggestedFilename()).toContain("log100k");
  });

  test("the quarantine is filtered by its form", async ({ demo, page }) => {
    expect(demo.logs).toBeGreaterThan(0);
    await page.goto("/quarantine");
    await page.getByLabel("Reason").selectOption("bad_gzip");
    await page.getByLabel("Arrived from").fill("1h");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/reason=bad_gzip/);
    expect(await page.locator("tbody a[href*='/quarantine/record']").count()).toBe(1);
    expect(await page.locator("main [data-copy]").first().isVisible()).toBe(false);
  });
});
