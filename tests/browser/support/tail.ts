import type { Page } from "playwright-core";
import { expect } from "vitest";
import { poll } from "../../support/poll.ts";
import type { Site } from "./site.ts";

export const STREAM = "stage01-logs-stream";
export const LIVE = `/streams/${STREAM}?tab=live`;

let counter = 0;

/** The number the next line gets. */
export const nextNumber = (): number => counter;

/** Sends logs that are numbered through the whole file; answers the first and the last number. */
export const sendLines = async (site: Site, count: number, level = "INFO") => {
  const first = counter;
  for (let left = count; left > 0; left -= 500) {
    const logs = Array.from({ length: Math.min(500, left) }, () => ({
      timestamp: new Date().toISOString(),
      service: `svc-${counter % 3}`,
      level,
      message: "request handled",
      n: counter++,
    }));
    await site.send(logs);
  }
  return { first, last: counter - 1 };
};

export const island = (page: Page) => page.locator("[data-island=streams-live]");
export const list = (page: Page) => page.getByRole("grid");
export const figure = async (page: Page, name: string): Promise<number> =>
  Number(await island(page).getAttribute(`data-${name}`));
export const state = (page: Page) => island(page).getAttribute("data-state");

/** Opens the tail and waits until it follows: the first line proves it. */
export const openTail = async (page: Page, site: Site, query = ""): Promise<void> => {
  await page.goto(`${LIVE}${query}`);
  await poll("the tail to show a line", async () => {
    await sendLines(site, 1);
    return (
      (await figure(page, "total")) > 0 &&
      page.getByText("GetRecords/s").or(page.getByText("every 2 s")).isVisible()
    );
  });
};

/** Waits until a line of this number is in the list or held back, by waiting for the count. */
export const grown = (page: Page, from: number, by: number) =>
  poll(`${by} more lines`, async () => (await figure(page, "total")) >= from + by, 30_000);

export const settled = async (page: Page): Promise<number> => {
  let last = -1;
  return poll("the tail to be at its end", async () => {
    const total = await figure(page, "total");
    const isStill = total === last;
    last = total;
    await page.waitForTimeout(2_500);
    return isStill && total;
  });
};

/** The numbers of all lines in the list, by scrolling through it. */
export const numbersInList = (page: Page): Promise<number[]> =>
  list(page).evaluate(async (grid) => {
    const numbers = new Map<number, number>();
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let top = 0; ; top += grid.clientHeight) {
      grid.scrollTop = top;
      await frame();
      await frame();
      for (const row of grid.querySelectorAll("[role=row]")) {
        const found = / n=(\d+)/.exec(row.textContent ?? "");
        if (found) numbers.set(Number(row.getAttribute("aria-rowindex")), Number(found[1]));
      }
      if (top + grid.clientHeight >= grid.scrollHeight) break;
    }
    return [...numbers.entries()].sort(([a], [b]) => a - b).map(([, n]) => n);
  });

export const pauseByScrolling = async (page: Page): Promise<number> => {
  await list(page).hover();
  await page.mouse.wheel(0, -300);
  await expect.poll(() => state(page)).toBe("paused");
  // The wheel's scrolling is smooth and ends by itself.
  let top = -1;
  return poll("scrolling to end", async () => {
    const now = await list(page).evaluate((grid) => grid.scrollTop);
    const isStill = now === top;
    top = now;
    return isStill && now;
  });
};

export const tails = async (site: Site) =>
  (
    (await (await fetch(`${site.url}/api/kinesis/tails`)).json()) as {
      tails: { viewers: number; readers: number; calls: number }[];
    }
  ).tails[0];
