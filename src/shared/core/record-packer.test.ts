import fc from "fast-check";
import { expect, test } from "vitest";
import { RECORD_MAX_BYTES } from "./limits.ts";
import {
  growRecord,
  type OutgoingLog,
  packSegments,
  type RecordSize,
  recordPartitionKey,
  type Segment,
  toRecord,
  utf8Length,
} from "./record-packer.ts";

const decoder = new TextDecoder();

/** A log whose bytes name its place, filled up to `size`. */
const logOf = (service: string, place: number, size: number): OutgoingLog => {
  const bytes = new Uint8Array(Math.max(size, 8)).fill(0x2e);
  bytes.set(new TextEncoder().encode(String(place).padStart(8, "0")));
  return { service, bytes };
};

const linesOf = (data: Uint8Array): string[] => decoder.decode(data).split("\n");

/** Joins segments as the engine does: in order, until one needs a record of its own. */
const recordsOf = (segments: readonly Segment[], packBytes: number) => {
  const runs: [Segment, ...Segment[]][] = [];
  let size: RecordSize | undefined;
  for (const segment of segments) {
    const last = runs.at(-1);
    const grown = last && growRecord(size, segment, packBytes);
    if (last && grown) last.push(segment);
    else runs.push([segment]);
    size = grown ?? growRecord(undefined, segment, packBytes);
  }
  return runs.map((run) => ({ run, record: toRecord(run) }));
};

const serviceArb = fc.constantFrom("a", "b", "thanh toán", "k".repeat(256), `${"k".repeat(256)}2`);

test("nothing is lost or reordered within a service, and no record is over its limit", () => {
  const packArb = fc.constantFrom(0, 100, 1_000);
  fc.assert(
    fc.property(
      packArb.chain((packBytes) =>
        fc.tuple(
          fc.constant(packBytes),
          fc.array(
            fc.tuple(
              serviceArb,
              fc.oneof(
                fc.integer({ min: 8, max: 60 }),
                // Around the pack size, and around half of it, where two meet the limit exactly.
                fc.integer({ min: -1, max: 1 }).map((d) => Math.max(8, packBytes + d)),
                fc
                  .integer({ min: -1, max: 1 })
                  .map((d) => Math.max(8, Math.floor(packBytes / 2) + d)),
              ),
            ),
            { maxLength: 60 },
          ),
        ),
      ),
      ([packBytes, list]) => {
        const logs = list.map(([service, size], place) => logOf(service, place, size));
        const segments = packSegments(logs, packBytes);
        const records = recordsOf(segments, packBytes);
        for (const { run, record } of records) {
          const positions = run.flatMap((segment) => segment.positions);
          expect(linesOf(record.data)).toEqual(
            positions.map((place) => decoder.decode(logs[place]?.bytes)),
          );
          expect(new Set(positions.map((place) => logs[place]?.service)).size).toBe(1);
          if (positions.length > 1) expect(record.data.length).toBeLessThanOrEqual(packBytes);
          expect(record.partitionKey).toBe(
            recordPartitionKey(logs[positions[0] ?? 0]?.service ?? ""),
          );
        }
        for (const service of new Set(list.map(([name]) => name))) {
          const sent = segments
            .filter((segment) => segment.service === service)
            .flatMap((segment) => segment.positions);
          const given = logs.flatMap((log, place) => (log.service === service ? [place] : []));
          expect(sent).toEqual(given);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("two logs share a record up to the last byte of the pack size and not one beyond", () => {
  const pack = (first: number, second: number) =>
    packSegments([logOf("a", 0, first), logOf("a", 1, second)], 1_000).length;
  expect(pack(500, 499)).toBe(1);
  expect(pack(500, 500)).toBe(2);
});

test("a record with its partition key is never over the record limit", () => {
  const service = "đ".repeat(256);
  const room = RECORD_MAX_BYTES - 512;
  const pack = (first: number, second: number) =>
    packSegments([logOf(service, 0, first), logOf(service, 1, second)], RECORD_MAX_BYTES);
  const half = room / 2;
  expect(pack(half, half - 1).map(({ data, keyBytes }) => data.length + keyBytes)).toEqual([
    RECORD_MAX_BYTES,
  ]);
  expect(pack(half, half)).toHaveLength(2);
});

test("with a pack size of 0 every log is a record of its own", () => {
  const logs = [0, 1, 2].map((place) => logOf("a", place, 8));
  expect(recordsOf(packSegments(logs, 0), 0)).toHaveLength(3);
});

test("segments are copies: the body they were cut from can go", () => {
  const body = new Uint8Array(1_000).fill(0x2e);
  const [segment] = packSegments([{ service: "a", bytes: body.subarray(10, 20) }], 1_000);
  expect(segment?.data.buffer.byteLength).toBe(10);
});

test("UTF-8 lengths are those of the encoder", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test("half a surrogate pair never gets into a partition key", () => {
  expect(recordPartitionKey("a\ud800b")).toBe("a\ufffdb");
  expect(recordPartitionKey("😀")).toBe("😀");
});
