import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodedName, isBucketName, isPlainKey } from "./names.ts";

const key = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", ".", "/", " ", "\\", ":", "é", "\u0000"), maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 20 }),
);

test("a plain key never leads out of its folder, nor shares a path with another key", () => {
  fc.assert(
    fc.property(key, (key) => {
      fc.pre(isPlainKey(key));
      const file = path.posix.join("/data", key);
      expect(file).toBe(`/data/${key}`);
      expect(path.win32.normalize(`C:/data/${key}`)).toBe(`C:\\data\\${key.replaceAll("/", "\\")}`);
    }),
  );
});

test("an encoded name is one short file name, and tells keys apart", () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      const [first, second] = [encodedName(a), encodedName(b)];
      expect(first).toMatch(/^[A-Za-z0-9%\-_.!~'()]*~[0-9a-f]{32}$/);
      expect(first.length).toBeLessThan(200);
      expect(first === second).toBe(a === b);
    }),
  );
});

test.each(["con", "a/NUL.txt", "a/b.", "a/ ", "a//b", "/a", "a/", "..", "x:y", "e".repeat(256)])(
  "%s is no plain key",
  (key) => {
    expect(isPlainKey(key)).toBe(false);
  },
);

test.each(["md-raw-logs", "a1b", "1.2.3", "a".repeat(63)])("%s is a bucket name", (name) => {
  expect(isBucketName(name)).toBe(true);
});
test.each([
  "ab",
  "a".repeat(64),
  "A-b",
  "a_b",
  "a..b",
  "1.2.3.4",
  "-ab",
  "ab-",
  "xn--ab",
  "..",
  "a/b",
])("%s is no bucket name", (name) => {
  expect(isBucketName(name)).toBe(false);
});
