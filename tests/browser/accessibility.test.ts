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

describe.runIf(hasChromium())("every page", () => {
  for (const theme of ["dark", "light"] as const)
    test(`breaks no WCAG 2.2 AA rule that a program can check, ${theme}`, {
      timeout: 240_000,
    }, async ({ site, demo, context, page }) => {
      await context.addCookies([{ name: "theme", value: theme, url: site.url }]);
      const found: Record<string, string[]> = {};
      for (const [name, path] of demo.pages) {
        await open(page, path);
        const violations = await violationsOf(page);
        if (violations.length > 0) found[name] = violations;
      }
      expect(found).toEqual({});
    });

  for (const [what, viewport] of [
    ["320 pixels wide", { width: 320, height: 640 }],
    ["at 200 % zoom of 1440 × 900", { width: 720, height: 450 }],
    ["on a very wide screen", { width: 3840, height: 2160 }],
  ] as const)
    test(`never scrolls sideways, ${what}`, { timeout: 180_000 }, async ({ demo, page }) => {
      await page.setViewportSize(viewport);
      const found: Record<string, number> = {};
      for (const [name, path] of demo.pages) {
        await open(page, path);
        const pixels = await sideways(page);
        if (pixels > 0) found[name] = pixels;
      }
      expect(found).toEqual({});
    });

  test("has one h1, its landmarks, and a link over the navigation", async ({ demo, page }) => {
    for (const [name, path] of demo.pages) {
      await page.goto(path);
      const counts = await page.evaluate(() => ({
        h1: document.querySelectorAll("h1").length,
        main: document.querySelectorAll("main").length,
        live: document.querySelectorAll("[role=grid][aria-live], [role=grid] [aria-live]").length,
      }));
      expect([name, counts]).toEqual([name, { h1: 1, main: 1, live: 0 }]);
      await page.keyboard.press("Tab");
      expect([
        name,
        await page.evaluate(() => document.activeElement?.getAttribute("href")),
      ]).toEqual([name, "#main"]);
    }
  });

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
