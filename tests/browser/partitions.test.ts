import { PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect } from "vitest";
import type { Site } from "./support/site.ts";
import { hasChromium, test } from "./support/test.ts";

const BUCKET = "md-raw-logs";
const METRICS_BUCKET = "md-raw-metrics";
const HOUR_MS = 3_600_000;
const poll = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 20_000 });
const DAY = Date.UTC(2026, 10, 20);

const prefixAt = (service: string, at: number): string => {
  const [year, month, day] = new Date(at).toISOString().slice(0, 10).split("-");
  const hour = new Date(at).toISOString().slice(11, 13);
  return `service=${service}/year=${year}/month=${month}/day=${day}/hour=${hour}/`;
};

/** Two days of hours: one is missing, one is ten small objects, a field appears and one changes. */
const fill = async (site: Site, service: string): Promise<void> => {
  const puts: Promise<unknown>[] = [];
  const put = (Key: string, Body: string) =>
    puts.push(site.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body })));
  for (let hour = 0; hour < 48; hour += 1) {
    if (hour === 29) continue;
    const at = DAY + hour * HOUR_MS;
    const line = {
      timestamp: new Date(at).toISOString(),
      user_id: hour < 24 ? 1 : "u1",
      ...(hour < 24 ? {} : { retry_count: 1 }),
    };
    const parts = hour === 20 ? 10 : 1;
    for (let part = 0; part < parts; part += 1)
      put(`${prefixAt(service, at)}part-${part}.jsonl`, `${JSON.stringify(line)}\n`);
  }
  await Promise.all(puts);
};

describe.runIf(hasChromium())("partitions", () => {
  test("a missing hour is a gap, small files are marked, changed fields are listed, and it says what it walked", async ({
    site,
    page,
  }) => {
    await fill(site, "events");
    await page.goto(`/buckets/${BUCKET}/partitions?service=events`);
    const gap = page.getByRole("link", { name: "2026-11-21 05:00–06:00Z: gap: 0 objects" });
    expect(await gap.getAttribute("class")).toBe("is-gap");
    const crumbs = page.getByRole("link", { name: /2026-11-20 20:00–21:00Z: 10 objects/ });
    expect(await crumbs.getAttribute("class")).toContain("is-crumbly");
    const full = page.getByRole("link", { name: /2026-11-21 04:00–05:00Z: 1 objects/ });
    expect(await full.getAttribute("href")).toContain("hour%3D04");
    const drift = page.locator(".side-list", { hasText: "Schema drift" });
    expect(await drift.innerText()).toMatch(
      /retry_count[\s\S]*added since 2026-11-2[01] \d\dZ, number/,
    );
    expect(await drift.innerText()).toMatch(/user_id[\s\S]*number became string/);
    expect(await page.locator("[data-coverage]").innerText()).toMatch(
      /walked 47 partitions · \d+ list calls · .* · all of it/,
    );
  });

  test("arrow keys move over the hours, and what an hour holds is written below", async ({
    site,
    page,
  }) => {
    await fill(site, "keys");
    await page.goto(`/buckets/${BUCKET}/partitions?service=keys`);
    await page.getByRole("link", { name: /2026-11-21 04:00/ }).focus();
    await page.keyboard.press("ArrowRight");
    await poll(() => page.locator("[data-cell-note]").innerText()).toBe(
      "2026-11-21 05:00–06:00Z: gap: 0 objects",
    );
    await page.keyboard.press("ArrowDown");
    await poll(() => page.locator("[data-cell-note]").innerText()).toMatch(
      /^2026-11-20 05:00–06:00Z: 1 objects/,
    );
  });

  test("another measure is drawn without another walk of the page, and stays in the address", async ({
    site,
    page,
  }) => {
    await fill(site, "measure");
    await page.goto(`/buckets/${BUCKET}/partitions?service=measure`);
    const before = await page.locator(".heat tbody").innerText();
    await page.getByRole("link", { name: "Objects", exact: true }).last().click();
    await page.getByRole("heading", { name: "Objects by hour" }).waitFor();
    expect(await page.locator(".heat tbody").innerText()).toBe(before);
    expect(new URL(page.url()).searchParams.get("metric")).toBe("objects");
    await page.reload();
    await page.getByRole("heading", { name: "Objects by hour" }).waitFor();
  });

  test("a walk that its budget stopped goes on, and its parts add up to the whole", {
    timeout: 180_000,
  }, async ({ site, page }) => {
    const days = 425;
    for (let day = 0; day < days; day += 25)
      await Promise.all(
        Array.from({ length: 25 }, (_, index) =>
          site.s3.send(
            new PutObjectCommand({
              Bucket: METRICS_BUCKET,
              Key: `${prefixAt("long", DAY - (day + index) * 24 * HOUR_MS)}part-1.jsonl`,
              Body: "{}\n",
            }),
          ),
        ),
      );
    await page.goto(`/buckets/${METRICS_BUCKET}/partitions`);
    const coverage = page.locator("[data-coverage]");
    const stopped =
      /walked \d+ of ~\d+\+? partitions · \d+ list calls · .* · stopped by .*budget · Continue/;
    expect(await coverage.innerText()).toMatch(stopped);
    for (let step = 0; step < 20; step += 1) {
      const more = page.locator("[data-continue]");
      if ((await more.count()) === 0) break;
      await more.click();
      await poll(() => page.locator("[aria-busy]").count()).toBe(0);
    }
    expect(await coverage.innerText()).toMatch(/walked 425 partitions · .* · all of it/);
    expect(await page.locator(".fact-list dd b").first().innerText()).toBe("425");
  });

  test("nothing scrolls sideways on a phone but the heat-map, whose days stay", async ({
    site,
    browser,
  }) => {
    await fill(site, "phone");
    const context = await browser.newContext({
      baseURL: site.url,
      viewport: { width: 320, height: 700 },
    });
    const page = await context.newPage();
    const inside = encodeURIComponent(prefixAt("phone", DAY));
    for (const path of [`?prefix=${inside}`, "/partitions?service=phone"]) {
      await page.goto(`/buckets/${BUCKET}${path}`);
      expect(
        await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        ),
      ).toBe(0);
    }
    const day = page.locator(".heat tbody th").first();
    const before = await day.boundingBox();
    await page.locator(".heat-scroll").evaluate((node) => node.scrollBy(200, 0));
    const after = await day.boundingBox();
    expect(Math.abs((after?.x ?? 0) - (before?.x ?? 0))).toBeLessThan(5);
    await context.close();
  });
});
