import { loadavg } from "node:os";
import type { Browser } from "playwright-core";
import { DEMO_BUCKET, LOG_100K_KEY } from "../src/local/demo-data/objects.ts";
import { findChromium } from "../tests/browser/support/chromium.ts";
import { machine, median } from "./support/processes.ts";
import { BIG_BUCKET } from "./ui/big-bucket.ts";
import { type Figures, measures, runOnce } from "./ui/measures.ts";
import { type BenchSite, startSite } from "./ui/site.ts";
import { weigh } from "./ui/weigh.ts";

// Question: does the dashboard keep its budgets, in a real browser, on the real server, with real
// data? Sizes are gzip -9 of what a first visit loads. Times are medians of fresh windows, the
// measures in turn, every second round in reverse order; browser, server and pipeline share the
// machine.

const KB = 1024;
const SETTLE_MS = 2_500;

/** At most so much; what is not listed is told without a limit. */
const BUDGETS: Readonly<Record<string, number>> = {
  "FCP of / (ms)": 400,
  "overview with AWS down (ms)": 1_000,
  "first rows of 1 M keys (ms)": 1_000,
  "list calls for them": 1,
  "100,000 lines ready (ms)": 2_000,
  "rows in the list": 80,
  "rows after scrolling": 80,
  "filter after the last key (ms)": 400,
  "scroll frame p95 (ms)": 25,
  "longest task while tailing (ms)": 100,
  "heap growth over 60 s (MB)": 30,
  "rows in the tail": 80,
};
const SIZE_BUDGETS = { html: 30, css: 10, js: 52, shell: 12 } as const;

const PAGES = {
  overview: "/",
  streams: "/streams",
  "live tail": "/streams/stage01-logs-stream?tab=live",
  records: "/streams/stage01-logs-stream?tab=records",
  charts: "/streams/stage01-logs-stream?tab=charts",
  buckets: "/buckets",
  bucket: "/buckets/md-raw-logs",
  "1 M keys": `/buckets/${BIG_BUCKET}`,
  partitions: "/buckets/md-raw-logs/partitions",
  "log viewer": `/logs/${DEMO_BUCKET}?key=${LOG_100K_KEY}`,
  search: "/search?bucket=md-raw-logs",
  quarantine: "/quarantine",
  alerts: "/alerts",
} as const;

const round = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(value < 100 ? 1 : 0);

const misses: string[] = [];

const weighAll = async (browser: Browser, site: BenchSite): Promise<void> => {
  console.log("\ngzip KB of a first visit        html    css  shell     js  other origins");
  for (const [name, path] of Object.entries(PAGES)) {
    const weight = await weigh(browser, site.url + path, SETTLE_MS);
    const cells = (["html", "css", "shell", "js"] as const).map((kind) => {
      const kb = weight[kind] / KB;
      const isOver = kb > SIZE_BUDGETS[kind];
      if (isOver)
        misses.push(`${kind} of ${name}: ${round(kb)} KB, budget ${SIZE_BUDGETS[kind]} KB`);
      return `${round(kb)}${isOver ? "!" : ""}`.padStart(7);
    });
    if (weight.foreign > 0) misses.push(`${name} asks ${weight.foreign} times another origin`);
    console.log(`${name.padEnd(28)}${cells.join("")}${String(weight.foreign).padStart(15)}`);
  }
  const { html, css, shell, js } = SIZE_BUDGETS;
  console.log(
    `${"budget".padEnd(28)}${[html, css, shell, js].map((kb) => String(kb).padStart(7)).join("")}${"0".padStart(15)}`,
  );
};

const measureAll = async (browser: Browser, site: BenchSite, only: string | undefined) => {
  const raw = new Map<string, number[]>();
  const failed = new Map<string, string>();
  const chosen = measures.filter(({ name }) => only === undefined || name.includes(only));
  const rounds = Math.max(...chosen.map((measure) => measure.rounds));
  for (let at = 0; at < rounds; at += 1)
    for (const measure of at % 2 === 0 ? chosen : chosen.toReversed()) {
      if (at >= measure.rounds || failed.has(measure.name)) continue;
      const figures: Figures = await runOnce(browser, site, measure).catch((error: unknown) => {
        failed.set(
          measure.name,
          error instanceof Error ? (error.message.split("\n")[0] ?? "") : "",
        );
        return {};
      });
      for (const [name, value] of Object.entries(figures))
        raw.set(name, [...(raw.get(name) ?? []), value]);
    }
  console.log("\nmeasured                             budget   median  each run");
  for (const [name, values] of raw) {
    const budget = BUDGETS[name];
    const middle = median(values);
    const isOver = budget !== undefined && middle > budget;
    if (isOver) misses.push(`${name}: ${round(middle)}, budget ${budget}`);
    console.log(
      `${name.padEnd(34)}${(budget === undefined ? "" : `≤ ${budget}`).padStart(9)}${(round(middle) + (isOver ? "!" : "")).padStart(9)}  ${values.map(round).join(" ")}`,
    );
  }
  for (const [name, why] of failed) misses.push(`${name} could not be measured: ${why}`);
};

const main = async (): Promise<void> => {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    console.log("SKIPPED: there is no Chromium. Install one, or set CHROMIUM_PATH.");
    return;
  }
  // By a name that the bundler does not follow: it is for development only.
  const library = ["playwright", "core"].join("-");
  const { chromium } = (await import(library)) as typeof import("playwright-core");
  const site = await startSite(() => undefined);
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--enable-precise-memory-info"],
  });
  try {
    const load = loadavg().map(round).join(" ");
    console.log(`${machine()}; Chromium ${browser.version()}; load average ${load}`);
    const [only] = process.argv.slice(2);
    if (only === undefined || only === "sizes") await weighAll(browser, site);
    if (only !== "sizes") await measureAll(browser, site, only);
    console.log(
      misses.length === 0 ? "\nEvery budget is kept." : `\nNot kept:\n  ${misses.join("\n  ")}`,
    );
  } finally {
    await browser.close();
    await site.close();
  }
};

await main();
