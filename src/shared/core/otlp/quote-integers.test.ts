import fc from "fast-check";
import { expect, test } from "vitest";
import { quoteLargeIntegers } from "./quote-integers.ts";

test("integers of 16 digits and more are quoted, and nothing else is", () => {
  for (const [json, quoted] of [
    ["[9007199254740993]", '["9007199254740993"]'],
    ['{"a":-9223372036854775808}', '{"a":"-9223372036854775808"}'],
    ["[ 1234567890123456 ,1]", '[ "1234567890123456" ,1]'],
    ["1234567890123456", "1234567890123456"],
    ["[999999999999999]", "[999999999999999]"],
    ["[1234567890123456.5,1234567890123456e3,12345678901234567E-1]", undefined],
    ['["say \\" 1234567890123456 \\\\", " 1234567890123456"]', undefined],
  ] as const)
    expect(quoteLargeIntegers(json)).toBe(quoted ?? json);
});

test("any JSON reads as before, but for its large integers", () => {
  fc.assert(
    fc.property(fc.json({ depthSize: "medium" }), fc.bigInt(), (json, integer) => {
      const text = `[${json},${integer}]`;
      const [value, last] = JSON.parse(quoteLargeIntegers(text)) as [unknown, string | number];
      const plain = JSON.parse(json, (_, part) =>
        typeof part === "number" && Number.isInteger(part) && /^-?\d{16,}$/.test(String(part))
          ? String(part)
          : part,
      );
      expect(String(last)).toBe(String(integer));
      expect(value).toEqual(plain);
    }),
  );
});
