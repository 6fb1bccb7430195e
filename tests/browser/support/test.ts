import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { test as base, expect, inject } from "vitest";
import { type Site, withSite } from "./site.ts";

export type Fixtures = {
  /** The pipeline this file looks at; started once. */
  site: Site;
  chromiumPath: string;
  browser: Browser;
  /** A window of its own, 1440 × 900. */
  context: BrowserContext;
  /** A page on `site`. The test fails on any script error, console error or blocked content. */
  page: Page;
};

const DEADLINE_MS = 15_000;

/** Collects what a page complains of; what its test expects may be taken from the list. */
export const watchComplaints = (page: Page): string[] => {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  return complaints;
};

/** `test` with a real pipeline and a real browser. Skipped, by name, where there is no Chromium. */
export const test = base.extend<Fixtures>({
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads what a fixture needs from here.
    async ({}, use) => withSite(use),
    { scope: "file" },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  chromiumPath: [async ({}, use) => use(inject("chromiumPath")), { scope: "file" }],
  browser: [
    async ({ chromiumPath }, use) => {
      const browser = await chromium.launch({
        executablePath: chromiumPath,
        args: ["--no-sandbox", "--disable-dev-shm-usage", "--enable-precise-memory-info"],
      });
      await use(browser);
      await browser.close();
    },
    { scope: "file" },
  ],
  context: async ({ browser, site }, use) => {
    const context = await browser.newContext({
      baseURL: site.url,
      viewport: { width: 1440, height: 900 },
      timezoneId: "Asia/Ho_Chi_Minh",
    });
    context.setDefaultTimeout(DEADLINE_MS);
    await use(context);
    await context.close();
  },
  page: async ({ context }, use) => {
    const page = await context.newPage();
    const complaints = watchComplaints(page);
    await use(page);
    expect(complaints).toEqual([]);
  },
});

/** For the first line of a browser test file: all its tests are skipped where nothing can run them. */
export const hasChromium = (): boolean => inject("chromiumPath") !== "";
