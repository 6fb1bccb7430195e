import { expect, test } from "vitest";
import { createLook } from "./put-records-look.ts";
import { createMarks } from "./put-records-marks.ts";
import { createTestClock } from "./reliability.testing.ts";

test("a few looks go on at once, each within its time, and those not needed any more are left out", async () => {
  const clock = createTestClock();
  let underWay = 0;
  let most = 0;
  const looker = createLook({
    lookup: {
      find: async (_query, signal) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        underWay -= 1;
        throw new Error("too late");
      },
    },
    marks: createMarks(),
    schedule: clock.schedule,
    report: () => undefined,
  });
  const attempt = createMarks().attempt(clock.now(), 0);
  const aborts = Array.from({ length: 10 }, () => new AbortController());
  const looks = aborts.map(({ signal }) => looker.look([], attempt, signal));
  aborts[8]?.abort();
  await clock.advance(30_000);
  expect(await Promise.all(looks)).toEqual(looks.map(() => undefined));
  expect(most).toBe(4);
  expect(looker.totals).toMatchObject({ lookups: 9, failedLookups: 9 });
});
