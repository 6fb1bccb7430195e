import { describe, expect } from "vitest";
import { hasChromium, test } from "./support/test.ts";

describe.runIf(hasChromium())("the frame of every page", () => {
  test("a page refreshes itself in place: what the reader focused stays", async ({
    site,
    page,
  }) => {
    await page.goto("/streams");
    const link = page.getByRole("link", { name: "stage01-logs-stream" }).first();
    await link.focus();
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.waitForRequest(`${site.url}/streams`);
    await expect.poll(() => page.locator("main.is-stale").count()).toBe(0);
    expect(await link.evaluate((node) => node === document.activeElement)).toBe(true);
    expect(requests.every((url) => url.startsWith(site.url))).toBe(true);
  });

  test("the theme is chosen by a link, and stays", async ({ page }) => {
    await page.goto("/streams");
    const theme = () => page.locator("html").getAttribute("data-theme");
    expect(await theme()).toBe("dark");
    await page.getByRole("link", { name: "Theme" }).click();
    await expect.poll(theme).toBe("light");
    expect(page.url()).toMatch(/\/streams$/);
    await page.goto("/buckets");
    expect(await theme()).toBe("light");
  });
});
