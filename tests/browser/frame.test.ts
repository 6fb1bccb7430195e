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

  test("a few letters lead to any stream or bucket, without a mouse", async ({ page }) => {
    await page.goto("/");
    await page.keyboard.press("Control+k");
    const dialog = page.getByRole("dialog", { name: "Go to" });
    await dialog.getByRole("combobox").fill("md-raw-apm objects");
    await expect.poll(() => dialog.getByRole("option").count()).toBe(1);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/buckets/md-raw-apm");
  });

  test("the question mark lists the keys; single letters can be switched off", async ({ page }) => {
    await page.goto("/");
    await page.keyboard.press("?");
    const sheet = page.getByRole("dialog", { name: "Keyboard" });
    await sheet.getByText("go to anything").waitFor();
    await sheet.getByRole("checkbox").uncheck();
    await page.keyboard.press("Escape");
    await expect.poll(() => sheet.count()).toBe(0);
    await page.keyboard.type("gs");
    expect(new URL(page.url()).pathname).toBe("/");
    await page.keyboard.press("?");
    await sheet.getByRole("checkbox").check();
    await page.keyboard.press("Escape");
    await expect.poll(() => sheet.count()).toBe(0);
    await page.keyboard.type("gs");
    await page.waitForURL("**/streams");
  });

  test("the API is described, and its viewer is served from here", async ({ site, page }) => {
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(site.url) && !request.url().startsWith("data:"))
        foreign.push(request.url());
    });
    await page.goto("/docs");
    await page.getByText("/openapi.json", { exact: true }).first().waitFor();
    expect(foreign).toEqual([]);
  });

  test("in local time every exact time says so", async ({ page }) => {
    await page.goto("/streams/stage01-logs-stream");
    await page.getByRole("link", { name: /^UTC/ }).click();
    await expect
      .poll(() => page.locator("time").first().getAttribute("title"))
      .toMatch(/GMT\+7|\+07/);
  });
});
