import { expect } from "vitest";
import { loadConfig } from "../../src/shared/core/config.ts";
import { batchLimits } from "../../src/shared/core/event-source/batch.ts";
import { failurePolicy } from "../../src/shared/core/event-source/failure-policy.ts";
import { assertParallelizationFactor } from "../../src/shared/core/event-source/lanes.ts";
import { rule } from "./rule.ts";

const PAGE = "services-kinesis-parameters";
const GIVEN_UP = { ON_FAILURE_BUCKET: "given-up" };

rule(PAGE, "BatchSize is 100 unless given", () => {
  expect(loadConfig({}).BATCH_SIZE).toBe(100);
});
rule(PAGE, "BatchSize may be 1 to 10,000", () => {
  for (const size of [1, 10_000]) {
    expect(batchLimits(size, 0).maxRecords).toBe(size);
    expect(loadConfig({ BATCH_SIZE: `${size}` }).BATCH_SIZE).toBe(size);
  }
});
rule(PAGE, "BatchSize is refused below 1 and above 10,000", () => {
  for (const size of [0, 10_001, 1.5]) {
    expect(() => batchLimits(size, 0)).toThrow("batch size");
    expect(() => loadConfig({ BATCH_SIZE: `${size}` })).toThrow("BATCH_SIZE");
  }
});
rule("API_CreateEventSourceMapping", "the batching window may be 0 to 300 seconds", () => {
  for (const seconds of [0, 300]) {
    expect(batchLimits(1, seconds * 1000).windowMs).toBe(seconds * 1000);
    expect(loadConfig({ POLL_INTERVAL: `${seconds}` }).POLL_INTERVAL).toBe(seconds);
  }
});
rule("API_CreateEventSourceMapping", "the batching window is refused above 300 seconds", () => {
  expect(() => batchLimits(1, 300_001)).toThrow("window");
  expect(() => batchLimits(1, -1)).toThrow("window");
  expect(() => loadConfig({ POLL_INTERVAL: "301" })).toThrow("POLL_INTERVAL");
});
rule(PAGE, "MaximumRetryAttempts is -1, infinite, unless given", () => {
  expect(loadConfig({}).MAXIMUM_RETRY_ATTEMPTS).toBe(-1);
  expect(failurePolicy(-1, -1, false).maxRetries).toBe(Infinity);
});
rule(PAGE, "MaximumRetryAttempts may be -1 to 10,000", () => {
  for (const retries of [0, 10_000]) {
    expect(failurePolicy(retries, -1, false).maxRetries).toBe(retries);
    const config = loadConfig({ MAXIMUM_RETRY_ATTEMPTS: `${retries}`, ...GIVEN_UP });
    expect(config.MAXIMUM_RETRY_ATTEMPTS).toBe(retries);
  }
});
rule(PAGE, "MaximumRetryAttempts is refused below -1 and above 10,000", () => {
  for (const retries of [-2, 10_001]) {
    expect(() => failurePolicy(retries, -1, false)).toThrow("retry attempts");
    expect(() => loadConfig({ MAXIMUM_RETRY_ATTEMPTS: `${retries}`, ...GIVEN_UP })).toThrow(
      "MAXIMUM_RETRY_ATTEMPTS",
    );
  }
});
rule(PAGE, "MaximumRecordAgeInSeconds is -1, infinite, unless given", () => {
  expect(loadConfig({}).MAXIMUM_RECORD_AGE).toBe(-1);
  expect(failurePolicy(-1, -1, false).maxRecordAgeMs).toBe(Infinity);
});
rule("API_CreateEventSourceMapping", "MaximumRecordAgeInSeconds may be 60 to 604,800", () => {
  for (const age of [60, 604_800]) {
    expect(failurePolicy(-1, age, false).maxRecordAgeMs).toBe(age * 1000);
    const config = loadConfig({ MAXIMUM_RECORD_AGE: `${age}`, ...GIVEN_UP });
    expect(config.MAXIMUM_RECORD_AGE).toBe(age);
  }
});
rule(
  "API_CreateEventSourceMapping",
  "MaximumRecordAgeInSeconds is refused below 60, but for -1, and above 604,800",
  () => {
    for (const age of [-2, 0, 59, 604_801]) {
      expect(() => failurePolicy(-1, age, false)).toThrow("record age");
      expect(() => loadConfig({ MAXIMUM_RECORD_AGE: `${age}`, ...GIVEN_UP })).toThrow(
        "MAXIMUM_RECORD_AGE",
      );
    }
  },
);
rule(PAGE, "BisectBatchOnFunctionError is false unless given", () => {
  expect(loadConfig({}).BISECT_BATCH_ON_ERROR).toBe(false);
  expect(loadConfig({ BISECT_BATCH_ON_ERROR: "true" }).BISECT_BATCH_ON_ERROR).toBe(true);
});
rule(PAGE, "ParallelizationFactor is 1 unless given, and may be 1 to 10", () => {
  expect(loadConfig({}).PARALLELIZATION_FACTOR).toBe(1);
  for (const factor of [1, 10]) {
    assertParallelizationFactor(factor);
    expect(loadConfig({ PARALLELIZATION_FACTOR: `${factor}` }).PARALLELIZATION_FACTOR).toBe(factor);
  }
});
rule(PAGE, "ParallelizationFactor is refused below 1 and above 10", () => {
  for (const factor of [0, 11, 2.5]) {
    expect(() => assertParallelizationFactor(factor)).toThrow("parallelization factor");
    expect(() => loadConfig({ PARALLELIZATION_FACTOR: `${factor}` })).toThrow(
      "PARALLELIZATION_FACTOR",
    );
  }
});
rule(PAGE, "StartingPosition is TRIM_HORIZON, LATEST or AT_TIMESTAMP", () => {
  expect(loadConfig({ STARTING_POSITION: "LATEST" }).STARTING_POSITION).toBe("LATEST");
  expect(loadConfig({}).STARTING_POSITION).toBe("TRIM_HORIZON");
  expect(() => loadConfig({ STARTING_POSITION: "NEWEST" })).toThrow("STARTING_POSITION");
});
rule(PAGE, "StartingPositionTimestamp is valid with AT_TIMESTAMP, and with nothing else", () => {
  const timestamp = { STARTING_POSITION_TIMESTAMP: "2025-11-14T01:00:00Z" };
  const config = loadConfig({ STARTING_POSITION: "AT_TIMESTAMP", ...timestamp });
  expect(config.STARTING_POSITION_TIMESTAMP).toBe("2025-11-14T01:00:00Z");
  expect(() => loadConfig({ STARTING_POSITION: "AT_TIMESTAMP" })).toThrow("TIMESTAMP");
  expect(() => loadConfig(timestamp)).toThrow("AT_TIMESTAMP");
});
