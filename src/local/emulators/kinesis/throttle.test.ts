import { expect, test } from "vitest";
import { createShardThrottle } from "./throttle.ts";

const MIB = 1_048_576;

test("a shard takes 1,000 records a second, and more as time goes by", () => {
  const throttle = createShardThrottle(0);
  const admitted = (count: number, now: number) =>
    Array.from({ length: count }, () => throttle.admitRecord(10, now)).filter(Boolean).length;
  expect(admitted(1500, 0)).toBe(1000);
  expect(admitted(1500, 500)).toBe(500);
  expect(admitted(5000, 60_000)).toBe(1000);
});

test("a shard takes 1 MiB a second; a larger record is let through by a full bucket and paid off later", () => {
  const throttle = createShardThrottle(0);
  expect(throttle.admitRecord(MIB / 2, 0)).toBe(true);
  expect(throttle.admitRecord(MIB / 2 + 1, 0)).toBe(false);
  expect(throttle.admitRecord(5 * MIB, 500)).toBe(true);
  expect(throttle.admitRecord(1, 4000)).toBe(false);
  expect(throttle.admitRecord(1, 5000)).toBe(true);
});

test("a shard answers five reads a second, and none while a large answer is paid off", () => {
  const throttle = createShardThrottle(0);
  const admitted = Array.from({ length: 7 }, () => throttle.admitRead(0)).filter(Boolean).length;
  expect(admitted).toBe(5);
  throttle.countRead(10 * MIB);
  expect(throttle.admitRead(3000)).toBe(false);
  expect(throttle.admitRead(5000)).toBe(true);
});

test("a clock that goes back neither refills nor empties", () => {
  const throttle = createShardThrottle(10_000);
  for (let i = 0; i < 1000; i += 1) throttle.admitRecord(1, 10_000);
  expect(throttle.admitRecord(1, 5_000)).toBe(false);
});
