import { expect } from "vitest";
import type { Site } from "./site.ts";
import {
  figure,
  grown,
  LIVE,
  list,
  nextNumber,
  numbersInList,
  openTail,
  pauseByScrolling,
  sendLines,
  settled,
  state,
} from "./tail.ts";
import { test } from "./test.ts";

/** What a live tail promises, however its lines arrive. To be called within a describe. */
export const promiseOfTail = (mode: "sse" | "poll"): void => {
  const prepare = async (site: Site): Promise<void> => {
    const answer = await (await fetch(`${site.url}${LIVE}`)).text();
    if (!answer.includes(`&quot;mode&quot;:&quot;${mode}&quot;`))
      await site.restart("dashboard", { TAIL_MODE: mode });
  };

  test("scrolling up pauses: nothing moves, what is new is counted, End shows all of it", async ({
    site,
    page,
  }) => {
    await prepare(site);
    await openTail(page, site);
    const start = await figure(page, "total");
    await sendLines(site, 200);
    await grown(page, start, 200);
    const top = await pauseByScrolling(page);
    const seen = await list(page).locator("[role=row]").first().textContent();
    const before = await settled(page);
    await sendLines(site, 300);
    await sendLines(site, 7, "ERROR");
    await grown(page, before, 307);
    await page.getByRole("button", { name: "▼ 307 new · 7 errors" }).waitFor();
    expect(await list(page).evaluate((grid) => grid.scrollTop)).toBe(top);
    expect(await list(page).locator("[role=row]").first().textContent()).toBe(seen);
    await page.keyboard.press("End");
    await expect.poll(() => state(page)).toBe("following");
    const numbers = await numbersInList(page);
    const expected = Array.from({ length: 507 }, (_, at) => nextNumber() - 507 + at);
    expect([...numbers].sort((a, b) => a - b).slice(-507)).toEqual(expected);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test("a connection that breaks is made again, and no line is lost or shown twice", async ({
    site,
    context,
  }) => {
    await prepare(site);
    // The browser complains of the connection, as it should.
    const page = await context.newPage();
    await openTail(page, site);
    await sendLines(site, 100);
    const before = await settled(page);
    await sendLines(site, 50);
    const restarted = site.restart("dashboard", { TAIL_MODE: mode });
    await sendLines(site, 100);
    await restarted;
    await sendLines(site, 50);
    await grown(page, before, 200);
    const numbers = await numbersInList(page);
    const all = [...numbers].sort((a, b) => a - b).slice(-200);
    expect(all).toEqual(Array.from({ length: 200 }, (_, at) => nextNumber() - 200 + at));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(await list(page).getByText("skipped").count()).toBe(0);
  });

  test("what arrives while paused beyond what is kept is one gap with its number, and a click loads it", async ({
    site,
    page,
  }) => {
    await prepare(site);
    await openTail(page, site);
    const before = await settled(page);
    await page.keyboard.press("p");
    await expect.poll(() => state(page)).toBe("paused");
    await page.getByRole("button", { name: "Clear" }).click();
    for (let sent = 1_000; sent <= 6_000; sent += 1_000) {
      await sendLines(site, 1_000);
      await grown(page, before, sent);
    }
    await page.keyboard.press("End");
    await expect.poll(() => state(page)).toBe("following");
    await page.keyboard.press("p");
    await list(page).evaluate((grid) => {
      grid.scrollTop = 0;
    });
    const gap = list(page).getByText("1,000 lines skipped");
    await gap.waitFor();
    expect(await list(page).locator(".is-skip").count()).toBe(1);
    await list(page).getByRole("button", { name: "load" }).click();
    await expect.poll(() => list(page).locator(".is-skip").count()).toBe(0);
    const numbers = await numbersInList(page);
    const all = [...numbers].sort((a, b) => a - b).slice(-6_000);
    expect(all).toEqual(Array.from({ length: 6_000 }, (_, at) => nextNumber() - 6_000 + at));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(await page.locator(".tail-row").count()).toBeLessThanOrEqual(80);
  }, 120_000);
};
