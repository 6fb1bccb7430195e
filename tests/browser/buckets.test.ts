import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Page } from "playwright-core";
import { describe, expect, vi } from "vitest";
import { HOSTILE_KEYS } from "../../src/local/demo-data/hostile.ts";
import { launchPart, type PartProcess } from "../support/part-process.ts";
import { freePorts } from "../support/ports.ts";
import { BIG_BUCKET, type MillionKeys, startMillionKeys } from "./support/million-keys.ts";
import { test as base, hasChromium } from "./support/test.ts";

const BUCKET = "md-raw-logs";
const poll = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 20_000 });

/** The dashboard before a bucket of a million keys. */
const test = base.extend<{ big: MillionKeys & { page: Page } }>({
  big: async ({ browser }, use) => {
    const keys = await startMillionKeys();
    const [port] = await freePorts(1);
    let kill: PartProcess["kill"] | undefined;
    const env = {
      AWS_ENDPOINT_URL: keys.url,
      DASHBOARD_PORT: String(port),
      DASHBOARD_DIR: await mkdtemp(path.join(tmpdir(), "big-")),
      ALERT_RULES: "lag>60",
      LOG_LEVEL: "error",
    };
    await launchPart("dashboard", env, (end) => {
      kill = end;
    });
    const url = `http://127.0.0.1:${port}`;
    const context = await browser.newContext({ baseURL: url });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    await use({ ...keys, page });
    await context.close();
    await kill?.("SIGKILL");
    await keys.close();
    await rm(env.DASHBOARD_DIR, { recursive: true, force: true });
  },
});

const keysOf = (page: Page): Promise<string[]> =>
  page
    .locator("[data-object]")
    .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.object ?? ""));

/** Sends the path as it is: fetch would resolve its dots. */
const getRaw = (
  base: string,
  path: string,
): Promise<{ status: number | undefined; body: Buffer }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    const request = http.get({ hostname, port, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode, body: Buffer.concat(chunks) }),
      );
    });
    request.on("error", reject);
  });

describe.runIf(hasChromium())("buckets", () => {
  test("a bucket of a million keys opens with one list call, and says 1,000+ and no guess", async ({
    big,
  }) => {
    await big.page.goto(`/buckets/${BIG_BUCKET}?prefix=logs/`);
    await big.page.getByText("1,000+").waitFor();
    expect(big.takeCalls()).toHaveLength(1);
    expect((await keysOf(big.page)).slice(0, 2)).toEqual([
      "logs/0000000.jsonl",
      "logs/0000001.jsonl",
    ]);
  });

  test("pages lead forth and back, one list call each, and repeat no key", async ({ big }) => {
    const { page } = big;
    await page.goto(`/buckets/${BIG_BUCKET}?prefix=logs/`);
    const first = await keysOf(page);
    await page.getByRole("link", { name: "Next page" }).click();
    await poll(() => keysOf(page)).not.toEqual(first);
    const second = await keysOf(page);
    expect(new Set([...first, ...second]).size).toBe(first.length + second.length);
    expect(second[0]).toBe("logs/0000200.jsonl");
    await page.getByRole("link", { name: "Previous page" }).click();
    await poll(() => keysOf(page)).toEqual(first);
    expect(big.takeCalls()).toHaveLength(3);
    await page.goBack();
    await poll(() => keysOf(page)).toEqual(second);
  });

  test("a search says how far it looked, goes on behind there, and finds no key twice", async ({
    big,
  }) => {
    const { page } = big;
    await page.goto(`/buckets/${BIG_BUCKET}?prefix=logs/&match=contains&q=needle`);
    const coverage = page.locator("[data-coverage]");
    await poll(() => coverage.innerText()).toMatch(/scanned [\d,]+ keys.* up to logs\/\d+/);
    expect(await coverage.innerText()).toMatch(/stopped by (its time )?budget · Continue/);
    const found = await keysOf(page);
    const asked = big.takeCalls();
    await page.getByRole("link", { name: "Continue" }).click();
    await poll(async () => (await keysOf(page)).length).toBeGreaterThan(found.length);
    const all = await keysOf(page);
    expect(new Set(all).size).toBe(all.length);
    expect(all.slice(0, found.length)).toEqual(found);
    expect(
      all.every(
        (key, index) => key === `logs/${String(index * 1_000 + 7).padStart(7, "0")}-needle.jsonl`,
      ),
    ).toBe(true);
    const after = big.takeCalls().map((query) => query.get("start-after") ?? "");
    const lastAsked = asked.at(-1)?.get("start-after") ?? "";
    expect(after.every((key) => key > lastAsked)).toBe(true);
  });

  test("an old answer never stands over a newer one", async ({ big }) => {
    const { page } = big;
    await page.goto(`/buckets/${BIG_BUCKET}?prefix=logs/`);
    big.slow("logs/0000", 1_500);
    const filter = page.getByRole("searchbox");
    await filter.fill("0000");
    await poll(() => big.takeCalls().some((query) => query.get("prefix") === "logs/0000")).toBe(
      true,
    );
    await filter.fill("09");
    await poll(async () => (await keysOf(page))[0]).toBe("logs/0900000.jsonl");
    await poll(() => big.slowAnswers()).toBe(1);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    expect((await keysOf(page))[0]).toBe("logs/0900000.jsonl");
    expect(new URL(page.url()).searchParams.get("q")).toBe("09");
  });

  test("where listing is denied the missing action is named, and a retry brings the page back", async ({
    big,
  }) => {
    const { page } = big;
    big.deny(true);
    await page.goto(`/buckets/${BIG_BUCKET}?prefix=logs/`);
    const panel = page.locator("[data-failure]");
    await panel.getByText("s3:ListBucket").first().waitFor();
    expect(await page.getByRole("searchbox").isVisible()).toBe(true);
    expect(await page.getByRole("link", { name: "Partitions" }).isVisible()).toBe(true);
    big.deny(false);
    await panel.getByRole("link", { name: "Try again" }).click();
    await page.getByText("1,000+").waitFor();
    expect(await panel.count()).toBe(0);
  });

  test("every hostile key is listed, opened and downloaded as itself, on the server and on Lambda", async ({
    site,
    page,
  }) => {
    const bodies = new Map(
      HOSTILE_KEYS.map((key) => [`h/${key}`, `{"me":${JSON.stringify(key)}}\n`]),
    );
    for (const [Key, Body] of bodies)
      await site.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    await page.goto(`/buckets/${BUCKET}?prefix=h/&match=contains&min=1`);
    const listed = await keysOf(page);
    expect(listed.toSorted()).toEqual([...bodies.keys()].toSorted());
    expect(await page.evaluate(() => "__xss" in window)).toBe(false);

    vi.stubEnv("AWS_ENDPOINT_URL", site.awsUrl);
    vi.stubEnv("AUTH", "none");
    vi.stubEnv("STAGE", "local");
    // Not checked with the browser's types: it is a server's.
    const source = "../../src/handlers/dashboard.ts";
    const { handler } = (await import(source)) as { handler: unknown };
    vi.unstubAllEnvs();
    const onLambda = async (rawPath: string, rawQueryString: string) => {
      const event = {
        version: "2.0",
        routeKey: "$default",
        rawPath,
        rawQueryString,
        headers: { host: "abc.lambda-url.us-east-1.on.aws" },
        requestContext: {
          domainName: "abc.lambda-url.us-east-1.on.aws",
          http: { method: "GET", path: rawPath, sourceIp: "127.0.0.1" },
        },
        isBase64Encoded: false,
      };
      const answer = (await (handler as (...call: unknown[]) => unknown)(event, {})) as {
        statusCode: number;
        body: string;
        isBase64Encoded: boolean;
      };
      return {
        status: answer.statusCode,
        body: Buffer.from(answer.body, answer.isBase64Encoded ? "base64" : "utf8"),
      };
    };

    const links = await page
      .locator("[data-object]")
      .evaluateAll((rows) =>
        rows.map((row) =>
          [...row.querySelectorAll("a")].map((link) => link.getAttribute("href") ?? ""),
        ),
      );
    for (const [index, key] of listed.entries()) {
      const [open = "", download = ""] = links[index] ?? [];
      expect((await getRaw(site.url, open)).status).toBe(200);
      const saved = await getRaw(site.url, download);
      expect(saved).toMatchObject({ status: 200 });
      expect(saved.body.toString()).toBe(bodies.get(key));
      const whole = `/api/s3/object/${BUCKET}/${encodeURIComponent(key)}`;
      const query = `key=${encodeURIComponent(key)}`;
      const answers = [
        await getRaw(site.url, whole),
        await getRaw(site.url, `/api/s3/object/${BUCKET}/_?${query}`),
        await onLambda(whole, ""),
        await onLambda(`/api/s3/object/${BUCKET}/_`, query),
      ];
      for (const { status, body } of answers) {
        if (status === 400) continue;
        expect(status).toBe(200);
        expect(JSON.parse(body.toString())).toMatchObject({ key });
      }
      expect(answers[1]?.status).toBe(200);
      expect(answers[3]?.status).toBe(200);
    }
  });

  test("a row gives its object away: lines as stored, commands, a link that works and ends", async ({
    site,
    page,
  }) => {
    const Key = "service=a b/year=2026/month=11/day=22/hour=09/part-1.jsonl";
    const Body = '{"id":9007199254740993,"note":"a,b"}\n{"id":2}\n';
    await site.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    const folder = Key.slice(0, Key.lastIndexOf("/") + 1);
    await page.goto(`/buckets/${BUCKET}?prefix=${encodeURIComponent(folder)}`);
    expect(await page.locator(".hours [aria-current]").innerText()).toBe("09");
    await page.getByRole("button", { name: "Details of part-1.jsonl" }).click();
    const dialog = page.getByRole("dialog", { name: "Object" });
    await dialog.getByText("9007199254740993").waitFor();
    expect(await dialog.locator(".first-lines li").count()).toBe(2);
    await dialog.getByText("aws CLI", { exact: true }).click();
    await dialog.getByText(`--key '${Key}'`).waitFor();
    await dialog.getByRole("button", { name: "good for 5 min" }).waitFor();
    const answer = await fetch(
      `${site.url}/api/s3/presign?bucket=${BUCKET}&key=${encodeURIComponent(Key)}`,
    );
    const link = (await answer.json()) as { url: string; expires_in: number };
    expect(link.expires_in).toBe(300);
    const saved = await fetch(link.url);
    expect(await saved.text()).toBe(Body);
    expect(saved.headers.get("content-disposition")).toBe("attachment");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Count" }).click();
    await page.getByText("1 objects, 46 B below this prefix, all of them").waitFor();
    await page.keyboard.press("]");
    await page.waitForURL(/hour%3D10/);
  });

  test("a typed hour leads to its partition", async ({ site, page }) => {
    await site.s3.send(
      new PutObjectCommand({
        Bucket: BUCKET,
        Key: "service=jump/year=2026/month=11/day=21/hour=07/part-1.jsonl",
        Body: "{}\n",
      }),
    );
    await page.goto(`/buckets/${BUCKET}?prefix=service%3Djump/`);
    await page.getByPlaceholder("jump to").fill("2026-11-21T07");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "part-1.jsonl", exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get("prefix")).toBe(
      "service=jump/year=2026/month=11/day=21/hour=07/",
    );
  });
});
