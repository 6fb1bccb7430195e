import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { DEMO_BUCKET, LOG_100K_KEY } from "../../src/local/demo-data/objects.ts";
import { createPoster, makeLog } from "../support/load.ts";
import { quantile } from "../support/statistics.ts";
import { BIG_BUCKET } from "./big-bucket.ts";
import {
  FILTER_TIME,
  FIRST_PAINT,
  FORGET_TASKS,
  scrollFrames,
  TASKS,
  until,
  WATCH_TASKS,
  watchFilter,
} from "./in-page.ts";
import type { BenchSite } from "./site.ts";

/** Figures of one fresh run, by name. */
export type Figures = Readonly<Record<string, number>>;

export type Measure = {
  name: string;
  rounds: number;
  run(page: Page, site: BenchSite): Promise<Figures>;
};

const LIST = ".log-list";
const ROWS = `${LIST} [role=row]`;

/** From the start of the navigation until `isThere` holds, by the page's own clock. */
const timeUntil = async (page: Page, url: string, isThere: string): Promise<number> => {
  await page.goto(url, { waitUntil: "commit" });
  return await page.evaluate<number>(until(`${isThere} ? performance.now() : undefined`));
};

const firstPaint: Measure = {
  name: "first paint",
  rounds: 5,
  run: async (page, site) => {
    await page.goto(site.url);
    return { "FCP of / (ms)": await page.evaluate<number>(until(FIRST_PAINT)) };
  },
};

const withoutAws: Measure = {
  name: "AWS down",
  rounds: 5,
  run: async (page, site) => ({
    "overview with AWS down (ms)": await timeUntil(
      page,
      site.downUrl,
      `document.querySelector("main h1, main h2") !== null && document.readyState !== "loading"`,
    ),
  }),
};

const million: Measure = {
  name: "1,000,000 keys",
  rounds: 5,
  run: async (page, site) => {
    site.takeListCalls();
    const rows = await timeUntil(
      page,
      `${site.url}/buckets/${BIG_BUCKET}`,
      `document.querySelectorAll("main tbody tr").length > 10`,
    );
    await sleep(300);
    return { "first rows of 1 M keys (ms)": rows, "list calls for them": site.takeListCalls() };
  },
};

const viewer: Measure = {
  name: "100,000 lines",
  rounds: 5,
  run: async (page, site) => {
    const ready = await timeUntil(
      page,
      `${site.url}/logs/${DEMO_BUCKET}?key=${LOG_100K_KEY}`,
      `document.querySelector("${LIST}[aria-busy=false]") !== null &&
       document.querySelectorAll("${ROWS} [role=gridcell]").length > 20`,
    );
    const figures: Record<string, number> = { "100,000 lines ready (ms)": ready };
    figures["rows in the list"] = await page.locator(ROWS).count();

    const frames = await page.evaluate<number[]>(scrollFrames(LIST));
    figures["scroll frame p95 (ms)"] = quantile(frames, 0.95);
    figures["rows after scrolling"] = await page.locator(ROWS).count();

    await page.locator("input[data-filter]").first().focus();
    await page.evaluate(watchFilter(LIST));
    await page.keyboard.insertText("upstream");
    figures["filter after the last key (ms)"] = await page.evaluate<number>(until(FILTER_TIME));
    return figures;
  },
};

const TAIL_SECONDS = 60;
const TAIL_RATE = 500;

const heapOf = async (page: Page): Promise<number> => {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize / 2 ** 20;
};

/** Follows a stream that gets 500 records a second, for a minute. */
const tail: Measure = {
  name: "live tail",
  rounds: 1,
  run: async (page, site) => {
    await page.goto(`${site.url}/streams/stage01-logs-stream?tab=live`);
    await page.locator(".live-status").waitFor();
    await page.evaluate(WATCH_TASKS);
    const poster = createPoster(site.ingestUrl, 4);
    const send = async (seconds: number, first: number): Promise<void> => {
      const startedAt = performance.now();
      const step = TAIL_RATE / 10;
      for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
        const waitMs = startedAt + tenth * 100 - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        const logs = Array.from({ length: step }, (_, at) =>
          makeLog(first + tenth * step + at, 300, Date.now()),
        );
        await poster.post(Buffer.from(`{"logs":[${logs.join(",")}]}`));
      }
    };
    // The ring is full before it is measured whether more is kept.
    await send(25, 0);
    const before = await heapOf(page);
    await page.evaluate(FORGET_TASKS);
    await send(TAIL_SECONDS, 1_000_000);
    await sleep(1_500);
    const tasks = await page.evaluate<number[]>(TASKS);
    const rows = await page.locator("[role=grid] [role=row]").count();
    poster.close();
    return {
      "longest task while tailing (ms)": Math.max(0, ...tasks),
      "heap growth over 60 s (MB)": (await heapOf(page)) - before,
      "rows in the tail": rows,
    };
  },
};

export const measures: readonly Measure[] = [firstPaint, withoutAws, million, viewer, tail];

/** Each round of a measure in a window of its own, nothing cached. */
export const runOnce = async (
  browser: Browser,
  site: BenchSite,
  measure: Measure,
): Promise<Figures> => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    return await measure.run(await context.newPage(), site);
  } finally {
    await context.close();
  }
};
