import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { test } from "./support/demo.ts";
import { hasChromium } from "./support/test.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What axe-core finds, each with the element it is at. */
const violationsOf = async (page: Page): Promise<string[]> => {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const violations = await page.evaluate(async (values) => {
    const { axe: inPage } = globalThis as unknown as { axe: typeof axe };
    const runOnly = { type: "tag" as const, values };
    return (await inPage.run(document, { runOnly, resultTypes: ["violations"] })).violations;
  }, RULES);
  return violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
};

/** The page with what its scripts add: whatever they show within a moment is looked at, too. */
const open = async (page: Page, path: string): Promise<void> => {
  await page.goto(path);
  await page.locator("main h1").first().waitFor();
  await page.locator("main[aria-busy=true]").waitFor({ state: "detached" });
  await page.waitForLoadState("networkidle", { timeout: 2_000 }).catch(() => undefined);
};

const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

const WIDTHS = {
  "320 pixels": { width: 320, height: 640 },
  "1440 × 900 at 200 %": { width: 720, height: 450 },
  "a very wide screen": { width: 3840, height: 2160 },
} as const;

type Facts = {
  violations: Record<"dark" | "light", string[]>;
  sideways: Record<string, number>;
  structure: { h1: number; main: number; live: number };
  firstStop: string | null;
};

const look = async (page: Page, path: string): Promise<Facts> => {
  await open(page, path);
  const structure = await page.evaluate(() => ({
    h1: document.querySelectorAll("h1").length,
    main: document.querySelectorAll("main").length,
    live: document.querySelectorAll("[role=grid][aria-live], [role=grid] [aria-live]").length,
  }));
  const dark = await violationsOf(page);
  await page.evaluate(() => {
    document.documentElement.dataset.theme = "light";
  });
  const light = await violationsOf(page);
  const wide: Record<string, number> = {};
  for (const [name, viewport] of Object.entries(WIDTHS)) {
    await page.setViewportSize(viewport);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    wide[name] = await sideways(page);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(path);
  await page.keyboard.press("Tab");
  const firstStop = await page.evaluate(() => document.activeElement?.getAttribute("href") ?? null);
  return { violations: { dark, light }, sideways: wide, structure, firstStop };
};

/** Every page is opened once for all of these promises: that takes its time. */
const surveyed = test.extend<{ survey: ReadonlyMap<string, Facts> }>({
  survey: [
    async ({ browser, site, demo }, use) => {
      const page = await browser.newPage({
        baseURL: site.url,
        viewport: { width: 1440, height: 900 },
      });
      const facts = new Map<string, Facts>();
      for (const [name, path] of demo.pages) facts.set(name, await look(page, path));
      await page.close();
      await use(facts);
    },
    { scope: "file" },
  ],
});

const SURVEY_MS = 300_000;

describe.runIf(hasChromium())("every page", () => {
  for (const theme of ["dark", "light"] as const)
    surveyed(
      `breaks no WCAG 2.2 AA rule that a program can check, ${theme}`,
      {
        timeout: SURVEY_MS,
      },
      ({ survey }) => {
        for (const [name, { violations }] of survey)
          expect([name, ...violations[theme]]).toEqual([name]);
      },
    );

  surveyed("never scrolls sideways", { timeout: SURVEY_MS }, ({ survey }) => {
    for (const [name, facts] of survey)
      for (const [width, pixels] of Object.entries(facts.sideways))
        expect([name, width, pixels]).toEqual([name, width, 0]);
  });

  surveyed(
    "has one h1, its landmarks, and a link over the navigation",
    {
      timeout: SURVEY_MS,
    },
    ({ survey }) => {
      for (const [name, { structure, firstStop }] of survey)
        expect([name, structure, firstStop]).toEqual([name, { h1: 1, main: 1, live: 0 }, "#main"]);
    },
  );

  test("keeps its meaning with forced colours and without motion", async ({ demo, page }) => {
    await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
    for (const [name, path] of demo.pages.slice(0, 4)) {
      await page.goto(path);
      const moving = await page.evaluate(
        () => document.getAnimations().filter(({ playState }) => playState === "running").length,
      );
      expect([name, moving]).toEqual([name, 0]);
    }
  });
});
