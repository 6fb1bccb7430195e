import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect } from "vitest";
import { poll } from "../support/poll.ts";
import { test } from "./support/demo.ts";
import { hasChromium } from "./support/test.ts";

const run = promisify(execFile);
const root = path.dirname(path.dirname(import.meta.dirname));

describe.runIf(hasChromium())("the quarantine", () => {
  test("shows every reason with its count, and leads to its records", async ({ demo, page }) => {
    await page.goto(demo.pages.find(([name]) => name === "quarantine")?.[1] ?? "");
    const reasons = page.getByRole("table", { name: "Records by reason" });
    await reasons.getByRole("link", { name: "invalid_utf8" }).click();
    await page.waitForURL(/reason=invalid_utf8/);
    const records = page.getByRole("table", { name: "Records in quarantine, the newest first" });
    const rows = records.locator("tbody tr");
    expect(await rows.count()).toBe(2);
    expect(await rows.allInnerTexts()).toEqual([
      expect.stringContaining("invalid_utf8"),
      expect.stringContaining("invalid_utf8"),
    ]);
    expect(await page.getByText("everything was looked at").count()).toBeGreaterThan(0);
  });

  test("goes on where a page ended, and back", async ({ demo, page }) => {
    expect(demo.logs).toBeGreaterThan(0);
    await page.goto("/quarantine?limit=5");
    const links = page.locator("tbody th a[href*='/quarantine/record']");
    const first = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(first).toHaveLength(5);
    await page.getByRole("link", { name: "Older" }).click();
    await page.waitForURL(/cursor=/);
    const second = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(second.filter((href) => first.includes(href))).toEqual([]);
    await page.goBack();
    await expect.poll(() => links.count()).toBe(5);
  });

  test("shows bytes beside their text, and gives them away exactly", async ({
    demo,
    site,
    page,
  }) => {
    expect(demo.logs).toBeGreaterThan(0);
    await page.goto("/quarantine?reason=invalid_utf8");
    await page.getByRole("row").filter({ hasText: "64 B" }).getByRole("link").click();
    const raw = page.getByRole("region", { name: "Raw bytes, hexadecimal and ASCII" });
    expect(await raw.innerText()).toContain("000010  40 44 48 4c");
    const text = page.getByRole("region", { name: /^Decoded as/ });
    expect(await text.innerText()).toContain("⟨U+0004⟩");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download raw" }).click(),
    ]);
    const bytes = await readFile(await download.path());
    expect([...bytes]).toEqual(Array.from({ length: 64 }, (_, byte) => byte * 4));
    expect(download.suggestedFilename()).toMatch(/^record-\d+-0\.bin$/);
    expect(page.url().startsWith(site.url)).toBe(true);
  });

  test("its command, copied, replays exactly what the page shows", async ({
    demo,
    site,
    context,
    page,
  }) => {
    expect(demo.logs).toBeGreaterThan(0);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.goto("/quarantine?reason=not_an_object");
    await page.getByRole("row").filter({ hasText: '"a string"' }).getByRole("link").click();
    await page.getByRole("button", { name: "Copy replay command" }).click();
    await page.getByRole("button", { name: "Copied replay command" }).waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    const words = command.replace(/^npm run quarantine -- /, "").split(" ");
    const fix = ["--fix", `printf '{"service":"replayed","message":%s}' "$(cat)"`];
    await run(process.execPath, [path.join(root, ".build/quarantine.js"), ...words, ...fix], {
      env: { ...process.env, ...site.env },
    });
    await page.reload();
    await page.getByText(/1 log$/).waitFor();
    const link = page.getByRole("link", { name: /^service=replayed\// });
    expect(await link.count()).toBe(1);
    await poll("the replayed log is in the bucket", async () => {
      const answer = await fetch(
        `${site.url}/api/s3/bucket/md-raw-logs/objects?prefix=service%3Dreplayed%2F`,
      );
      return ((await answer.json()) as { count: number }).count === 1;
    });
  });
});
