import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createSequenceNumbers,
  parseSequenceNumber,
  parseShardId,
  shardIdOf,
} from "./sequence-number.ts";

const incarnation = fc.integer({ min: 1, max: 9_999_999_999_999 });
const shardIndex = fc.nat({ max: 999_999_999 });
const ordinal = fc.maxSafeNat();

test("a sequence number is 56 digits and tells its stream, shard and ordinal", () => {
  fc.assert(
    fc.property(incarnation, shardIndex, ordinal, (stream, shard, n) => {
      const text = createSequenceNumbers(stream, shard)(n);
      expect(text).toMatch(/^[1-9]\d{55}$/);
      expect(parseSequenceNumber(text)).toEqual({
        incarnation: stream,
        shardIndex: shard,
        ordinal: n,
      });
    }),
  );
});

test("sequence numbers of a shard, and of parent and child, grow with the ordinal", () => {
  fc.assert(
    fc.property(incarnation, shardIndex, shardIndex, ordinal, ordinal, (stream, a, b, m, n) => {
      fc.pre(m < n);
      const [low, high] = [
        createSequenceNumbers(stream, a)(m),
        createSequenceNumbers(stream, b)(n),
      ];
      expect(BigInt(low) < BigInt(high)).toBe(true);
    }),
  );
});

test("a number that no shard here gave out is not taken for one", () => {
  for (const text of ["0", "1", "49590338271490256608559692538361571095921575989136588898", "x"])
    expect(parseSequenceNumber(text)?.ordinal === undefined || text.length === 56).toBe(true);
  expect(parseSequenceNumber("0")).toBeUndefined();
});

test("shard ids are read back, other texts are not", () => {
  expect(parseShardId(shardIdOf(12))).toBe(12);
  expect(parseShardId("shardId-12")).toBeUndefined();
});
