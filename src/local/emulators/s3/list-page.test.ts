import fc from "fast-check";
import { expect, test } from "vitest";
import { type ListPosition, listPage } from "./list-page.ts";
import { createSortedIndex } from "./sorted-index.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "é", "😀", "\uffee"), maxLength: 6 });

/** Every listing in one go, the plain way. */
const plainListing = (keys: readonly string[], prefix: string, delimiter: string): string[] => {
  const names = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      return cut < 0 ? `object ${key}` : `prefix ${key.slice(0, cut + delimiter.length)}`;
    });
  return [...new Set(names)];
};

test("pages of any size add up to the plain listing, each name once", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(text, { maxLength: 40 }),
      text,
      fc.constantFrom("", "/", "a", "/a"),
      fc.integer({ min: 1, max: 5 }),
      (keys, prefix, delimiter, maxKeys) => {
        const index = createSortedIndex<null>();
        for (const key of keys) index.set(key, null);
        const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        const seen: string[] = [];
        let position: ListPosition;
        do {
          const page = listPage(index, { prefix, delimiter, position, maxKeys });
          expect(page.items.length).toBeLessThanOrEqual(maxKeys);
          for (const item of page.items)
            seen.push(item.kind === "object" ? `object ${item.key}` : `prefix ${item.prefix}`);
          position = page.next;
          expect(seen.length).toBeLessThanOrEqual(keys.length);
        } while (position !== undefined);
        expect(seen).toEqual(plainListing(sorted, prefix, delimiter));
      },
    ),
  );
});

test("a page costs what it holds, not what lies below a common prefix", () => {
  const index = createSortedIndex<null>();
  for (let i = 0; i < 50_000; i += 1) index.set(`big/${String(i).padStart(6, "0")}`, null);
  index.set("small/1", null);
  let visited = 0;
  const counting = {
    ...index,
    from: function* (isBefore: (key: string) => boolean) {
      for (const entry of index.from(isBefore)) {
        visited += 1;
        yield entry;
      }
    },
  };
  const page = listPage(counting, {
    prefix: "",
    delimiter: "/",
    position: undefined,
    maxKeys: 1_000,
  });
  expect(page.items).toHaveLength(2);
  expect(visited).toBeLessThan(10);
});
