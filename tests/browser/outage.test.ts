import { describe, expect } from "vitest";
import { hasChromium, test } from "./support/test.ts";

const PAGES = [
  "/",
  "/streams",
  "/streams/stage01-logs-stream",
  "/buckets",
  "/buckets/md-raw-logs",
  "/buckets/md-raw-logs/partitions",
  "/search?bucket=md-raw-logs",
  "/quarantine",
  "/alerts",
] as const;

/** Pages of which nothing can be shown answer 502 or 503, which a browser's console names, too. */
describe.runIf(hasChromium())("with nothing behind", () => {
  test("a new account's pages say what to do first", async ({ context }) => {
    const page = await context.newPage();
    for (const path of PAGES) {
      const answer = await page.goto(path);
      expect([path, answer?.status()]).toEqual([path, 200]);
      await page.locator("main h1").first().waitFor();
    }
    for (const path of ["/", "/streams/stage01-logs-stream?tab=records", "/buckets/md-raw-apm"]) {
      await page.goto(path);
      expect([path, await page.locator("main pre", { hasText: "curl" }).count()]).toEqual([
        path,
        1,
      ]);
    }
    await page.goto("/quarantine");
    expect(await page.locator("main pre").innerText()).toContain("probe put");
  });

  // The last one: it takes the local AWS away from the others.
  test("the frame of every page stands while AWS is away, and says what is", async ({
    site,
    context,
  }) => {
    await site.kill("emulator");
    const page = await context.newPage();
    for (const path of PAGES) {
      await page.goto(path);
      await page.getByRole("navigation", { name: "Main" }).waitFor();
      const text = await page.locator("main").innerText();
      // Alerts are what was last known of them.
      if (path === "/alerts") continue;
      expect([path, /reach|n\/a|not available|unknown|not known/i.test(text)]).toEqual([
        path,
        true,
      ]);
      expect([path, /node_modules|\n\s+at \S+ \(/.test(text)]).toEqual([path, false]);
    }
  });
});
