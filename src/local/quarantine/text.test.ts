import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeControls, hexDump, showBytes, wrap, wrapWords } from "./text.ts";

const show = (bytes: Uint8Array | string, maxBytes = 1024) =>
  showBytes(Buffer.from(bytes as string), { width: 76, maxBytes });

test("nothing that moves a cursor, changes colours or turns the direction of text gets out", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array()), (input) => {
      for (const row of show(input as string)) {
        expect(row).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(wrap(row, 76)).toEqual([row]);
      }
    }),
    { numRuns: 2000 },
  );
  expect(escapeControls("\u001b[31m\u009b\u202e\u2028\u{e0041}\t\r")).toBe(
    "\\x1b[31m\\x9b\\u202e\\u2028\\u{e0041}\\t\\r",
  );
});

test("text is shown line by line as it is, in any script", () => {
  expect(show("đơn hàng\n  已收到订单 👍\n")).toEqual(["đơn hàng", "  已收到订单 👍", ""]);
});

test("bytes that are no text are shown in hex and text side by side", () => {
  expect(show(Buffer.from([0x1f, 0x8b, 8, 0, 65, 66, 67, 126, 127, 128]))).toEqual([
    "000000  1f 8b 08 00 41 42 43 7e  7f 80                    ....ABC~..",
  ]);
  expect(show("a\0b")).toEqual([expect.stringMatching(/^000000 {2}61 00 62 .* {2}a\.b$/)]);
  expect(hexDump(new Uint8Array(40)).map((row) => row.slice(0, 6))).toEqual([
    "000000",
    "000010",
    "000020",
  ]);
  for (const row of hexDump(new Uint8Array(40))) expect(row.length).toBeLessThanOrEqual(76);
});

test("what is cut is said, and no character is cut in two", () => {
  expect(show("x".repeat(2000), 10)).toEqual(["x".repeat(10), "… 1,990 more bytes"]);
  expect(show("ééé", 3)).toEqual(["é", "… 4 more bytes"]);
  expect(show(Buffer.alloc(20), 16)).toEqual([expect.any(String), "… 4 more bytes"]);
});

test("wide characters take two columns", () => {
  expect(wrap("订单订单x", 4)).toEqual(["订单", "订单", "x"]);
  expect(wrap("", 4)).toEqual([""]);
});

test("sentences are broken at spaces, and words that are too long anywhere", () => {
  expect(wrapWords("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrapWords("a 0123456789 b", 5)).toEqual(["a", "01234", "56789", "b"]);
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), fc.integer({ min: 2, max: 20 }), (text, width) => {
      const rows = wrapWords(text, width);
      expect(rows.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }),
  );
});
