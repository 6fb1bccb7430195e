import fc from "fast-check";
import { expect, test } from "vitest";
import { exactObjectPath } from "./exact-keys.ts";

const FUNCTION_URL = "abc.lambda-url.us-east-1.on.aws";
const HTTP_API = "abc.execute-api.us-east-1.amazonaws.com";
const BEFORE = "/api/s3/object/md-raw-logs/";
const PART = "service=a.b/year=2025/month=11/part-0b1c9e6d-1a4f-578c-8b0d-8f5a1e3b4200.jsonl.gz";

const keyOf = (path: string): string =>
  decodeURIComponent(new URL(`https://x${path}`).pathname.slice(BEFORE.length));

test("through a function URL any key comes through URL parsers as it was, or is refused", () => {
  const piece = fc.constantFrom("a", "/", ".", "..", "%", "%2F", "%2e", "?", "#", "\\", "\n", "ü");
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
      const key = pieces.join("");
      fc.pre(key !== "_");
      for (const sent of [
        encodeURIComponent(key),
        key.split("/").map(encodeURIComponent).join("/"),
      ]) {
        const path = exactObjectPath(BEFORE + sent, FUNCTION_URL);
        if (path === null) expect([".", ".."]).toContain(key);
        else expect(keyOf(path ?? "")).toBe(key);
      }
    }),
  );
  expect(exactObjectPath(`${BEFORE}%/../b`, FUNCTION_URL)).toBeNull();
});

test("through an HTTP API only keys that its decoding leaves alone are taken from the path", () => {
  expect(exactObjectPath(BEFORE + PART, HTTP_API)).toBe(BEFORE + PART);
  for (const key of [
    "b",
    "a/../b",
    `a/../${PART}`,
    `./${PART}`,
    `a//${PART}`,
    `%2F${PART}`,
    `ü/${PART}`,
  ])
    expect(exactObjectPath(BEFORE + key, HTTP_API), key).toBeNull();
});

test("what names no object, and a key in the query, is left as it is", () => {
  for (const path of ["/", "/api/s3/buckets", `${BEFORE}_`, "/api/s3/object/md-raw-logs"])
    expect(exactObjectPath(path, HTTP_API)).toBeUndefined();
});
