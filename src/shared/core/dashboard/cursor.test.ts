import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCursor, encodeCursor } from "./cursor.ts";

test("a cursor survives a URL and comes back as it was, for any key", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), fc.boolean(), (text, isKey) => {
      const cursor = isKey ? { after: text } : { token: text };
      const encoded = encodeCursor(cursor);
      expect(encoded).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(decodeCursor(encoded)).toEqual(cursor);
    }),
  );
});

test("what is no cursor is refused, not guessed at", () => {
  for (const text of ["x", "%%%", "e30", "bnVsbA", encodeCursor({ after: "a" }).slice(2)])
    expect(decodeCursor(text)).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (text) => {
      decodeCursor(text);
    }),
  );
});
