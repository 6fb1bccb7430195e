import { expect, test } from "vitest";
import { createThroughput } from "./throughput.ts";

const clockAt = (start: number) => {
  let time = start;
  return { now: () => time, pass: (ms: number) => (time += ms) };
};

test("a steady stream shows its rate", () => {
  const clock = clockAt(1_700_000_000_250);
  const throughput = createThroughput(clock.now);
  for (let step = 0; step < 300; step += 1) {
    clock.pass(100);
    throughput.add(50);
  }
  expect(throughput.perSecond()).toBeGreaterThan(475);
  expect(throughput.perSecond()).toBeLessThan(525);
});

test("what is older than the window no longer counts", () => {
  const clock = clockAt(5_000);
  const throughput = createThroughput(clock.now);
  throughput.add(1_000);
  clock.pass(5_000);
  expect(throughput.perSecond()).toBe(200);
  clock.pass(6_001);
  expect(throughput.perSecond()).toBe(0);
  throughput.add(10);
  clock.pass(3_600_000);
  expect(throughput.perSecond()).toBe(0);
});

test("a first burst is not blown up by a short life", () => {
  const clock = clockAt(0);
  const throughput = createThroughput(clock.now);
  clock.pass(10);
  throughput.add(100);
  expect(throughput.perSecond()).toBe(100);
});
