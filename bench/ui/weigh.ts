import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";

export type Weight = { html: number; css: number; js: number; shell: number; foreign: number };

/** Gzip bytes of everything a page loads on its first visit, workers and later chunks included. */
export const weigh = async (browser: Browser, url: string, settleMs: number): Promise<Weight> => {
  const context = await browser.newContext();
  const weight: Weight = { html: 0, css: 0, js: 0, shell: 0, foreign: 0 };
  const origin = new URL(url).origin;
  const reading: Promise<void>[] = [];
  const seen = new Set<string>();
  context.on("response", (response) => {
    const address = response.url();
    if (seen.has(address) || address.startsWith("blob:")) return;
    seen.add(address);
    if (!address.startsWith(origin)) weight.foreign += 1;
    const type = response.headers()["content-type"] ?? "";
    const kind = /javascript/.test(type) ? "js" : /css/.test(type) ? "css" : "html";
    if (kind === "html" && address !== url) return;
    reading.push(
      response
        .body()
        .then((body) => {
          const bytes = gzipSync(body, { level: 9 }).length;
          weight[kind] += bytes;
          if (/\/shell[-.]/.test(address)) weight.shell += bytes;
        })
        .catch(() => undefined),
    );
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForTimeout(settleMs);
  await Promise.all(reading);
  await context.close();
  return weight;
};
