import fc from "fast-check";
import { expect, test } from "vitest";
import { type Alert, type Measurement, updateAlerts } from "./alert.ts";
import { recentGapsOf } from "./measure.ts";
import { parseRules, ruleNames } from "./rules.ts";
import { type AlertMemory, createAlertWatch, type Notice } from "./watch.ts";

const LAG = { name: "lag", threshold: 60 } as const;
const FOR_MS = 30_000;

const statesOver = (measurements: readonly Measurement[], stepMs = 10_000) => {
  let alerts: Alert[] = [];
  return measurements.map((lag, index) => {
    const time = { now: index * stepMs, forMs: FOR_MS };
    const next = updateAlerts([LAG], alerts, { lag }, time);
    alerts = next.alerts;
    return [alerts[0]?.state, ...next.changes.map(({ change }) => change)].join(" ");
  });
};

const over: Measurement = { value: 61 };
const fine: Measurement = { value: 60 };
const none: Measurement = { value: null, reason: "down" };

test("an alert fires once its figure was over the threshold for long enough", () => {
  expect(statesOver([fine, over, over, over, over, over])).toEqual([
    "ok",
    "pending",
    "pending",
    "pending",
    "firing firing",
    "firing",
  ]);
});

test("a figure that comes back in time says nothing to anybody", () => {
  expect(statesOver([over, over, fine, over])).toEqual(["pending", "pending", "ok", "pending"]);
});

test("it is resolved by a good figure, never by a missing one", () => {
  expect(statesOver([over, over, over, over, none, none, fine])).toEqual([
    "pending",
    "pending",
    "pending",
    "firing firing",
    "firing",
    "firing",
    "ok resolved",
  ]);
});

test("what was never measured is unknown, not ok", () => {
  expect(statesOver([none, fine, none])).toEqual(["unknown", "ok", "unknown"]);
});

test("whatever is measured, firing and resolved take turns, beginning with firing", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(over, fine, none)), (measurements) => {
      const changes = statesOver(measurements)
        .map((line) => line.split(" ")[1])
        .filter((change) => change !== undefined);
      changes.forEach((change, index) => {
        expect(change).toBe(index % 2 === 0 ? "firing" : "resolved");
      });
    }),
  );
});

test("rules are read from one line, and a mistake is named", () => {
  expect(parseRules(" lag>60, ledger ,spool>0.5")).toEqual([
    LAG,
    { name: "ledger", threshold: 0 },
    { name: "spool", threshold: 0.5 },
  ]);
  expect(parseRules("")).toEqual([]);
  expect(parseRules("laag>1")).toContain(ruleNames.join(", "));
  for (const text of ["lag>", "lag>x", "lag>-1", "lag>1>2"])
    expect(parseRules(text)).toContain(text);
  expect(parseRules("lag>1,lag>2")).toContain("twice");
});

const memoryStore = () => {
  let kept: AlertMemory | undefined;
  return {
    load: async () => structuredClone(kept),
    save: async (memory: AlertMemory) => {
      kept = structuredClone(memory);
    },
  };
};

test("each change is told once, over failures of the receiver and over restarts", async () => {
  const store = memoryStore();
  const told: Notice[] = [];
  let isDown = true;
  let value = 99;
  let now = 0;
  const start = () =>
    createAlertWatch({
      rules: [LAG],
      forMs: 0,
      measure: async () => ({ lag: { value } }),
      notify: async (notice) => {
        if (isDown) throw new Error("receiver is away");
        told.push(notice);
      },
      store,
      now: () => now,
    });
  const first = start();
  await expect(first.tick()).rejects.toThrow("away");
  expect([first.alerts()[0]?.state, first.untold()]).toEqual(["firing", 1]);

  isDown = false;
  now = 10_000;
  const second = start();
  await second.tick();
  await second.tick();
  expect(told.map(({ change, id }) => [change, id])).toEqual([["firing", "lag-firing-0"]]);

  value = 0;
  now = 20_000;
  await start().tick();
  await start().tick();
  expect(told.map(({ change }) => change)).toEqual(["firing", "resolved"]);
});

test("a gap of long ago is nobody's alarm today, and one that reaches into today counts from there", () => {
  const hour = 3_600_000;
  const now = 1_000 * hour;
  const gap = (from: number, to: number) => ({
    service: "a",
    from: from * hour,
    to: to * hour,
    hours: to - from,
  });
  expect(recentGapsOf([gap(900, 905), gap(970, 976)], now)).toEqual({ count: 0, first: undefined });
  expect(recentGapsOf([gap(900, 905), gap(970, 979), gap(990, 992)], now)).toEqual({
    count: 5,
    first: "a at 1970-02-10T16Z",
  });
});
