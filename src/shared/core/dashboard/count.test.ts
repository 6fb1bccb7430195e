import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryCatalog } from "../../../../tests/support/memory-catalog.ts";
import { countBucket } from "./count.ts";

const signal = new AbortController().signal;
const unlimited = { maxPages: 1_000, maxMs: 60_000 };
const at = (maxPages: number, maxMs = 60_000, now = () => 0) => ({
  budget: { maxPages, maxMs },
  now,
  signal,
});

const manyKeys = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `${prefix}${String(index).padStart(6, "0")}`,
    size: 2,
  }));

test("every object is counted once, and in its own class, whatever its key", async () => {
  const key = fc.tuple(
    fc.constantFrom(
      "",
      "_quarantine/reason=x/",
      "_quarantine/_replayed/",
      "_state/",
      "service=a/",
      "_quarantin",
      "_statf/",
      "~",
      "é/",
    ),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key.map((parts) => parts.join(""))), async (keys) => {
      const catalog = createMemoryCatalog({ b: keys.map((name) => ({ key: name, size: 3 })) });
      const count = await countBucket(catalog, "b", { budget: unlimited, now: () => 0, signal });
      const within = (prefix: string) => keys.filter((name) => name.startsWith(prefix)).length;
      const apart = within("_quarantine/") + within("_state/");
      const quarantine = within("_quarantine/reason=");
      const state = within("_state/");
      expect(count).toMatchObject({
        data: {
          objects: keys.length - apart,
          bytes: 3 * (keys.length - apart),
          isComplete: true,
        },
        quarantine: { objects: quarantine, isComplete: true },
        state: { objects: state, isComplete: true },
      });
    }),
    { numRuns: 50 },
  );
});

test("past the budget of pages the count is a floor that says how far it got", async () => {
  const catalog = createMemoryCatalog({ b: manyKeys("service=a/", 2_500) });
  const count = await countBucket(catalog, "b", at(2));
  expect(count?.data).toMatchObject({
    objects: 2_000,
    isComplete: false,
    countedUpTo: "service=a/001999",
  });
});

test("past the budget of time counting stops after the page at hand", async () => {
  const catalog = createMemoryCatalog({ b: manyKeys("service=a/", 5_000) });
  let clock = 0;
  const count = await countBucket(
    catalog,
    "b",
    at(100, 1_000, () => {
      clock += 600;
      return clock;
    }),
  );
  expect(count?.data.isComplete).toBe(false);
  expect(catalog.calls.length).toBeLessThan(6);
});

test("a quarantine larger than the budget does not hide the data behind it", async () => {
  const catalog = createMemoryCatalog({
    b: [...manyKeys("_quarantine/reason=x/", 9_000), ...manyKeys("service=a/", 1_500)],
  });
  const count = await countBucket(catalog, "b", at(4));
  expect(count?.data).toMatchObject({ objects: 1_500, isComplete: true });
  expect(count?.quarantine).toMatchObject({ objects: 1_000, isComplete: false });
});

test("the number of calls does not grow with the bucket", async () => {
  const calls = async (objects: number) => {
    const catalog = createMemoryCatalog({ b: manyKeys("service=a/", objects) });
    await countBucket(catalog, "b", at(3));
    return catalog.calls.length;
  };
  expect(await calls(20_000)).toBe(await calls(4_000));
});

test("a bucket that is not there is not an empty one", async () => {
  expect(await countBucket(createMemoryCatalog({}), "b", at(1))).toBeUndefined();
});
