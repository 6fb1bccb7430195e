import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { HOSTILE_KEYS, HTML_OBJECT, hostileBody } from "../../src/local/demo-data/hostile.ts";
import { DEMO_BUCKET } from "../../src/local/demo-data/objects.ts";
import { poll } from "../support/poll.ts";
import { test } from "./support/demo.ts";
import { hasChromium } from "./support/test.ts";

const MARKUP = `<img src=x onerror="window.__xss=1"><svg onload=window.__xss=1><script>window.__xss=1</script>`;
const SERVICE = `<b onmouseover=window.__xss=1>evil\u202e`;

/** Whether anything that came as data has become part of the page. */
const harmOf = (page: Page) =>
  page.evaluate(() => ({
    ran: "__xss" in globalThis,
    elements: [
      ...document.querySelectorAll(
        "main img, main iframe, main object, main embed, main script, main b[onmouseover], [onload], [onerror]",
      ),
    ].map(({ outerHTML }) => outerHTML),
  }));

const HARMLESS = { ran: false, elements: [] };

describe.runIf(hasChromium())("what came from outside", () => {
  test("is text on every page, visible and inert", { timeout: 180_000 }, async ({
    demo,
    site,
    context,
    page,
  }) => {
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const log = { service: SERVICE, level: "ERROR", message: MARKUP, [MARKUP]: MARKUP };
    await site.send([{ ...log, timestamp: new Date().toISOString() }]);
    const key = await poll("the hostile log has landed", async () => {
      const answer = await fetch(
        `${site.url}/api/s3/bucket/md-raw-logs/objects?prefix=service%3D%253Cb&max_keys=10`,
      );
      return ((await answer.json()) as { objects: { key: string }[] }).objects[0]?.key;
    });
    const query = encodeURIComponent("onerror");
    const pages = [
      ...demo.pages,
      ["its object", `/logs/md-raw-logs?key=${encodeURIComponent(key)}`],
      ["its search", `/search?bucket=md-raw-logs&from=-1h&q=${query}`],
      ["its prefix", `/buckets/md-raw-logs?prefix=${encodeURIComponent(key.slice(0, 30))}`],
    ] as const;
    for (const [name, path] of pages) {
      await page.goto(path);
      await page.locator("main h1").first().waitFor();
      await page.waitForLoadState("networkidle", { timeout: 2_000 }).catch(() => undefined);
      expect([name, await harmOf(page)]).toEqual([name, HARMLESS]);
    }
    expect(dialogs).toEqual([]);
    // Words that are no query are answered with 400, which the console names: not on this page.
    const other = await context.newPage();
    for (const path of [
      "/search?bucket=md-raw-logs&q=",
      "/streams/",
      "/quarantine?reason=",
      "/x?",
    ]) {
      await other.goto(path + encodeURIComponent(MARKUP));
      expect([path, await harmOf(other)]).toEqual([path, HARMLESS]);
    }
    await page.goto(`/logs/md-raw-logs?key=${encodeURIComponent(key)}`);
    await page.getByText("<img src=x onerror=").first().waitFor();
    const shown = await page.locator("main").innerText();
    expect(shown).not.toContain("\u202e");
  });

  test("keys of every kind are listed, opened and downloaded as what they are", {
    timeout: 120_000,
  }, async ({ demo, site, page }) => {
    expect(demo.logs).toBeGreaterThan(0);
    const listed = await fetch(`${site.url}/api/s3/bucket/${DEMO_BUCKET}/objects?max_keys=1000`);
    const { objects } = (await listed.json()) as { objects: { key: string }[] };
    const keys = objects.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining([...HOSTILE_KEYS]));
    for (const key of HOSTILE_KEYS) {
      const whole = encodeURIComponent(key);
      for (const path of [`_?key=${whole}&lines=5`, `${whole}?lines=5`]) {
        const answer = await fetch(`${site.url}/api/s3/object/${DEMO_BUCKET}/${path}`);
        // A path that is `..` once decoded may be refused, but never be another object.
        if (answer.status === 400 && !path.startsWith("_")) continue;
        expect([path, answer.status]).toEqual([path, 200]);
        expect(await answer.json()).toMatchObject({ key, logs: [{ key }] });
      }
      await page.goto(`/logs/${DEMO_BUCKET}?key=${whole}`);
      const link = page.getByRole("link", { name: /^download/i }).first();
      const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
      expect([key, await readFile(await download.path(), "utf8")]).toEqual([key, hostileBody(key)]);
    }
  });

  test("an object stored as HTML is never served as HTML", async ({ demo, site }) => {
    expect(demo.logs).toBeGreaterThan(0);
    for (const query of ["download=1", "view=raw", "raw=1", "lines=5"]) {
      const answer = await fetch(
        `${site.url}/api/s3/object/${DEMO_BUCKET}/_?key=${HTML_OBJECT.key}&${query}`,
      );
      const headers = Object.fromEntries(answer.headers);
      expect([query, headers["content-type"]]).toEqual([
        query,
        expect.stringMatching(/^(application\/(octet-stream|json|x-ndjson)|text\/plain)/),
      ]);
      expect([query, headers]).toMatchObject([
        query,
        {
          "x-content-type-options": "nosniff",
          "content-security-policy": expect.stringContaining("default-src 'none'"),
        },
      ]);
      await answer.body?.cancel();
    }
  });

  test("no page runs a script that is not its own, or turns text into markup", {
    timeout: 120_000,
  }, async ({ demo, site, context }) => {
    for (const [name, path] of demo.pages) {
      const answer = await fetch(site.url + path);
      const policy = answer.headers.get("content-security-policy") ?? "";
      await answer.body?.cancel();
      for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ])
        expect([name, policy]).toEqual([name, expect.stringContaining(part)]);
      expect([name, policy.includes("unsafe")]).toEqual([name, false]);
    }
    // What is tried here is complained of, as it should be.
    const page = await context.newPage();
    await page.goto("/streams");
    const tried = await page.evaluate(async () => {
      const outcome: Record<string, string> = {};
      const attempt = (name: string, work: () => void) => {
        try {
          work();
          outcome[name] = "done";
        } catch (error) {
          outcome[name] = (error as Error).name;
        }
      };
      attempt("innerHTML", () => {
        document.body.innerHTML += "<p>markup</p>";
      });
      attempt("inline script", () => {
        const script = document.createElement("script");
        script.append("window.__xss = 1");
        document.head.append(script);
      });
      attempt("foreign image", () => {
        const image = document.createElement("img");
        image.src = "https://example.com/x.png";
        document.body.append(image);
      });
      const blocked = await fetch("https://example.com/").then(
        () => "fetched",
        () => "blocked",
      );
      return { ...outcome, blocked, ran: "__xss" in globalThis };
    });
    expect(tried).toMatchObject({ innerHTML: "TypeError", blocked: "blocked", ran: false });
  });

  test("other names, other buckets, other cursors and other methods are refused", async ({
    demo,
    site,
    page,
  }) => {
    expect(demo.logs).toBeGreaterThan(0);
    const statusOf = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(site.url + path, init);
      await answer.body?.cancel();
      return answer.status;
    };
    const { request } = page.context();
    const evil = await request.get(`${site.url}/`, { headers: { host: "evil.test" } });
    expect([403, 421]).toContain(evil.status());
    for (const path of [
      "/api/s3/bucket/not-ours-at-all/objects",
      "/api/s3/bucket/not-ours-at-all/partitions",
      "/api/s3/object/not-ours-at-all/_?key=a",
      "/api/quarantine?bucket=not-ours-at-all",
      "/buckets/not-ours-at-all",
      "/buckets/not-ours-at-all/partitions",
      "/logs/not-ours-at-all?key=a",
      "/logs/not-ours-at-all",
    ])
      expect([path, await statusOf(path)]).toEqual([path, 404]);
    for (const path of [
      "/api/s3/bucket/md-raw-logs/objects?cursor=AAAA",
      "/api/quarantine?cursor=AAAA",
      "/api/kinesis/stream/stage01-logs-stream/records?cursor=AAAA",
    ])
      expect([path, await statusOf(path)]).toEqual([path, 400]);
    for (const method of ["POST", "PUT", "DELETE", "PATCH"])
      expect([method, await statusOf("/api/s3/buckets", { method })]).toEqual([method, 405]);
  });

  test("gzip that unpacks a thousandfold ends in words, not in memory", async ({
    demo,
    site,
    page,
  }) => {
    expect(demo.logs).toBeGreaterThan(0);
    const answer = await fetch(
      `${site.url}/api/s3/object/${DEMO_BUCKET}/_?key=bomb.jsonl.gz&lines=10`,
    );
    expect(answer.status).toBeLessThan(500);
    expect((await answer.arrayBuffer()).byteLength).toBeLessThan(40 * 1024 * 1024);
    await page.goto(`/buckets/${DEMO_BUCKET}`);
    expect(await page.locator("main h1").count()).toBe(1);
  });
});
