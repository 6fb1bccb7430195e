import { expect, test } from "vitest";
import { serviceOf } from "../../shared/core/service.ts";
import { LOG_100K_LINES, LOG_100K_SPECIAL, LONG_LINE_BYTES, log100kLines } from "./log100k.ts";
import { DEMO_HOURS, DEMO_SERVICES, demoLogs, HOUR_MS, hourAgo } from "./logs.ts";

const NOW = Date.parse("2026-11-22T10:20:30Z");

const logsOf = (fromMs: number, toMs: number): string[] => [
  ...demoLogs({ fromMs, toMs, nowMs: NOW }),
];

test("three days are the same lines in whatever pieces they are asked for, each with an int64", () => {
  const from = NOW - 3 * HOUR_MS;
  const middle = NOW - 100 * 60_000 - 1_234;
  const whole = logsOf(from, NOW);
  expect([...logsOf(from, middle), ...logsOf(middle, NOW)].sort()).toEqual([...whole].sort());
  expect(whole.length).toBeGreaterThan(200);
  for (const line of whole) expect(line).toMatch(/,"order_id":900(7199|7200)\d{9}\}$/);
  const services = new Set(whole.map((line) => serviceOf(JSON.parse(line))));
  expect([...services].sort()).toEqual([...DEMO_SERVICES].sort());
});

test("an hour is missing, an incident shows, and one service changes its shape", () => {
  const gap = hourAgo(NOW, DEMO_HOURS.gap);
  expect(logsOf(gap, gap + HOUR_MS)).toEqual([]);
  expect(logsOf(gap - HOUR_MS, gap).length).toBeGreaterThan(0);
  const incident = hourAgo(NOW, DEMO_HOURS.incident);
  const during = logsOf(incident, incident + 40 * 60_000).filter((line) =>
    line.includes('"payment-service"'),
  );
  const errors = during.filter((line) => line.includes('"ERROR"'));
  expect(errors.length / during.length).toBeGreaterThan(0.3);
  const drift = hourAgo(NOW, DEMO_HOURS.drift);
  const types = (fromMs: number) =>
    new Set(
      logsOf(fromMs, fromMs + HOUR_MS)
        .filter((line) => line.includes('"inventory-service"'))
        .map((line) => typeof (JSON.parse(line) as { latency_ms: unknown }).latency_ms),
    );
  expect([...types(drift - HOUR_MS)]).toEqual(["number"]);
  expect([...types(drift)]).toEqual(["string"]);
});

test("the large object has its 100,000 lines, some 21 MB, and what viewers trip over", () => {
  let bytes = 0;
  let broken = 0;
  let count = 0;
  const special = new Map<number, string>();
  const wanted = new Set<number>(Object.values(LOG_100K_SPECIAL).flat());
  for (const line of log100kLines(NOW)) {
    count += 1;
    bytes += Buffer.byteLength(line) + 1;
    if (wanted.has(count)) special.set(count, line);
    if (!line.endsWith("}")) broken += 1;
  }
  expect([count, broken]).toEqual([LOG_100K_LINES, LOG_100K_SPECIAL.broken.length]);
  expect(bytes / 2 ** 20).toBeGreaterThan(19);
  expect(bytes / 2 ** 20).toBeLessThan(23);
  expect(special.get(LOG_100K_SPECIAL.int64)).toContain('"user_id":9007199254740993');
  expect(special.get(LOG_100K_SPECIAL.bidi)).toContain("\u202e");
  expect(special.get(LOG_100K_SPECIAL.long)?.length).toBeGreaterThan(LONG_LINE_BYTES);
});
