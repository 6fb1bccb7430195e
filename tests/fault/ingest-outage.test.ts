import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createKinesisClient } from "../../src/shared/aws/clients.ts";
import { runOnce, startPart } from "../support/part-process.ts";
import { temporaryFolder } from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";
import { linesInStream } from "../support/stream-lines.ts";

/** OUTAGE_SECONDS=60 is the run whose figures are in docs; shorter here, so that tests stay quick. */
const OUTAGE_SECONDS = Number(process.env.OUTAGE_SECONDS ?? 3);
const LOGS_PER_SECOND = 500;
const BATCH = 50;
const SERVICES = ["auth", "billing", "cart", "delivery", "email"];
const STREAM = "stage01-logs-stream";

const line = (service: string, id: number): string =>
  `{"service":"${service}","id":${id},"message":"a log of an ordinary size, two hundred bytes or so, as most of them are: with a few words and a number or two, and nothing else"}`;

type Answer = { status: number; accepted: number; ms: number; errors: { index: number }[] };

const post = async (url: string, lines: readonly string[]): Promise<Answer> => {
  const startedAt = performance.now();
  const response = await fetch(`${url}/api/ingest/batch`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: lines.join("\n"),
  });
  const body = (await response.json()) as { accepted: number; errors: { index: number }[] };
  return { status: response.status, ms: performance.now() - startedAt, ...body };
};

const rssMb = (pid: number | undefined): number => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
};

const setUp = async (extra: NodeJS.ProcessEnv = {}) => {
  const [aws, ingest] = await freePorts(2);
  const folder = temporaryFolder();
  const env = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${aws}`,
    INGEST_PORT: String(ingest),
    LOCAL_AWS_DIR: path.join(folder, "aws"),
    SPOOL_DIR: path.join(folder, "spool"),
    ...extra,
  };
  const emulator = await startPart("emulator", env);
  await runOnce("setup", env);
  const kinesis = createKinesisClient({ region: "us-east-1", endpoint: env.AWS_ENDPOINT_URL });
  onTestFinished(() => kinesis.destroy());
  return { env, emulator, kinesis, part: await startPart("ingest", env) };
};

test("a client sees nothing of an outage, and every log arrives in the order of its service", async () => {
  const { env, emulator, kinesis, part } = await setUp();
  const sent = new Map<string, string[]>(SERVICES.map((service) => [service, []]));
  const answers: Answer[] = [];
  let maxRss = 0;
  let id = 0;
  const inFlight = new Set<Promise<void>>();
  const startedAt = performance.now();
  let restarted: Promise<unknown> | undefined;
  await emulator.kill("SIGKILL");
  const totalSeconds = OUTAGE_SECONDS + 2;
  // One sender per service, so that the order of sending is known.
  const sender = async (service: string): Promise<void> => {
    const perSecond = LOGS_PER_SECOND / SERVICES.length;
    for (let count = 0; count < perSecond * totalSeconds; count += BATCH) {
      const dueAt = startedAt + (count / perSecond) * 1000;
      const waitMs = dueAt - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      const lines = Array.from({ length: BATCH }, () => line(service, id++));
      sent.get(service)?.push(...lines);
      answers.push(await post(part.url, lines));
    }
  };
  for (const service of SERVICES) inFlight.add(sender(service));
  const watch = setInterval(() => {
    maxRss = Math.max(maxRss, rssMb(part.child.pid));
    if (restarted === undefined && performance.now() - startedAt > OUTAGE_SECONDS * 1000)
      restarted = startPart("emulator", env);
  }, 200);
  await Promise.all(inFlight);
  clearInterval(watch);
  await restarted;
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  const metrics = await poll(
    "the spool is empty",
    async () => {
      const body = (await (await fetch(`${part.url}/api/metrics`)).json()) as {
        spool: { logs: number; spooled_logs: number };
      };
      return body.spool.logs === 0 && body;
    },
    60_000,
  );
  expect(metrics.spool.spooled_logs).toBeGreaterThan(LOGS_PER_SECOND * OUTAGE_SECONDS * 0.8);
  const stored = await linesInStream(kinesis, STREAM);
  for (const service of SERVICES)
    expect(stored.filter((text) => text.includes(`"${service}"`))).toEqual(sent.get(service));
  expect(stored).toHaveLength(id);
  const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const figures = {
    logs: id,
    spooled: metrics.spool.spooled_logs,
    maxRssMb: Math.round(maxRss),
    p50Ms: Math.round(times[Math.floor(times.length / 2)] ?? 0),
    p99Ms: Math.round(times[Math.floor(times.length * 0.99)] ?? 0),
    maxMs: Math.round(times.at(-1) ?? 0),
  };
  process.stdout.write(`outage of ${OUTAGE_SECONDS} s: ${JSON.stringify(figures)}\n`);
  expect(maxRss).toBeLessThan(400);
}, 300_000);

test("over its bound the spool refuses with 503, and everything that got a 2xx arrives", async () => {
  const { env, emulator, kinesis, part } = await setUp({ SPOOL_MAX_BYTES: "1000000" });
  await emulator.kill("SIGKILL");
  const accepted: string[] = [];
  const statuses = new Set<number>();
  let retryAfter: string | null = null;
  for (let batch = 0; batch < 60; batch += 1) {
    const lines = Array.from({ length: 100 }, (_, index) => line("auth", batch * 100 + index));
    const response = await fetch(`${part.url}/api/ingest/batch`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: lines.join("\n"),
    });
    statuses.add(response.status);
    const body = (await response.json()) as { accepted: number; errors: { code: string }[] };
    if (response.status === 200) accepted.push(...lines);
    else {
      retryAfter = response.headers.get("retry-after");
      expect(body).toMatchObject({ accepted: 0, errors: expect.any(Array) });
      expect(new Set(body.errors.map(({ code }) => code))).toEqual(new Set(["SPOOL_FULL"]));
    }
  }
  expect([...statuses].sort()).toEqual([200, 503]);
  expect(Number(retryAfter)).toBeGreaterThan(0);
  expect((await fetch(`${part.url}/health`)).status).toBe(503);
  await startPart("emulator", env);
  await poll("all has arrived", async () => {
    const stored = await linesInStream(kinesis, STREAM);
    return stored.length >= accepted.length && stored;
  });
  expect(await linesInStream(kinesis, STREAM)).toEqual(accepted);
  expect(accepted.length).toBeGreaterThan(3_000);
});

test("what is spooled survives a kill of ingest while Kinesis is away, and keeps its order", async () => {
  const { env, emulator, kinesis, part: first } = await setUp();
  let part = first;
  await emulator.kill("SIGKILL");
  const accepted: string[] = [];
  for (let kill = 0; kill < 2; kill += 1) {
    for (let batch = 0; batch < 5; batch += 1) {
      const lines = Array.from({ length: 20 }, (_, index) =>
        line("auth", kill * 1_000 + batch * 100 + index),
      );
      const { status } = await post(part.url, lines);
      expect(status).toBe(200);
      accepted.push(...lines);
    }
    await part.kill("SIGKILL");
    part = await startPart("ingest", env);
  }
  const health = (await (await fetch(`${part.url}/health`)).json()) as { spool: { logs: number } };
  expect(health.spool.logs).toBe(accepted.length);
  await startPart("emulator", env);
  await poll("all has arrived", async () => {
    const stored = await linesInStream(kinesis, STREAM);
    return stored.length >= accepted.length;
  });
  expect(await linesInStream(kinesis, STREAM)).toEqual(accepted);
});

test("on SIGTERM what was taken is spooled and the process ends cleanly within 10 s", async () => {
  const { env, emulator, kinesis, part } = await setUp();
  // Stopped, not killed: calls hang instead of failing.
  emulator.child.kill("SIGSTOP");
  const lines = Array.from({ length: 20 }, (_, index) => line("auth", index));
  const answer = post(part.url, lines);
  await poll("the batch is on its way", async () => {
    const body = await (await fetch(`${part.url}/metrics`)).text();
    return body.includes("kinesis_calls_in_flight 1");
  });
  const startedAt = performance.now();
  const code = await part.kill("SIGTERM");
  expect(code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect((await answer).status).toBe(200);
  emulator.child.kill("SIGCONT");
  const again = await startPart("ingest", env);
  await poll("the spool is empty", async () => {
    const body = await (await fetch(`${again.url}/metrics`)).text();
    return body.includes("ingest_spool_logs 0");
  });
  expect(await linesInStream(kinesis, STREAM)).toEqual(lines);
});

test("a second ingest on the same spool is refused in a sentence", async () => {
  const { env } = await setUp();
  const [other] = await freePorts(1);
  await expect(startPart("ingest", { ...env, INGEST_PORT: String(other) })).rejects.toThrow(
    /The spool in .* is in use by process \d+/,
  );
});
