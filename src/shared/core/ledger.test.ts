import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IngestAccount } from "./accepted-ledger.ts";
import type { ShardState } from "./consumer-state.ts";
import { balanceOf, type LedgerInput, worstState } from "./ledger.ts";
import { type Counts, LEDGER_MAX_SERVICES } from "./ledger-counts.ts";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();
const OPTIONS = { now: NOW, freshMs: 15_000, quietMs: 20_000 };

const account = (changes: Partial<IngestAccount> = {}): IngestAccount => ({
  version: 1,
  stream: "logs",
  instance: "i1",
  services: {},
  lastMovedAt: ago(60),
  spooledLogs: 0,
  queuedLogs: 0,
  publishedAt: ago(1),
  isClosed: false,
  ...changes,
});

const shard = (changes: Partial<ShardState> = {}): ShardState => ({
  version: 1,
  stream: "logs",
  shardId: "shardId-000000000000",
  streamCreatedAt: ago(9_999),
  parentShardIds: [],
  sequenceNumber: "1",
  pendingUntil: null,
  drained: false,
  records: 1,
  lines: 1,
  bytes: 1,
  parts: 1,
  quarantined: 0,
  failedBatches: 0,
  lastBatchAt: ago(50),
  lastBatchRecords: 1,
  lastPolledAt: ago(2),
  millisBehindLatest: 0,
  error: null,
  ...changes,
});

const inputOf = (changes: Partial<LedgerInput> = {}): LedgerInput => ({
  stream: "logs",
  accounts: [account({ services: { pay: [10, 1] } })],
  states: [shard({ services: { pay: [7, 2] } })],
  earlierStates: [],
  shardIds: ["shardId-000000000000"],
  gap: undefined,
  ...changes,
});

const judge = (changes: Partial<LedgerInput> = {}) => balanceOf(inputOf(changes), OPTIONS);

/** One log short. */
const SHORT = { services: { pay: [6, 2] } } as const;

test("it balances where every accepted log is stored, quarantined or a repeat", () => {
  expect(judge()).toMatchObject({
    state: "balanced",
    reason: null,
    since: null,
    accepted: 10,
    deduplicated: 1,
    stored: 7,
    quarantined: 2,
    outstanding: 0,
    unaccounted: 0,
  });
});

test("it is open, with how many and since when, where some are missing and nothing moves", () => {
  expect(judge({ states: [shard(SHORT)] })).toMatchObject({
    state: "open",
    outstanding: 1,
    since: ago(50),
    reason: "1 accepted log is neither stored nor quarantined, and nothing is on its way.",
  });
});

test("a surplus of one service does not hide what another lacks", () => {
  const states = [shard({ services: { pay: [6, 2], cart: [5, 0] } })];
  expect(judge({ states })).toMatchObject({ state: "open", outstanding: 1, unaccounted: 5 });
});

test("what other producers put in is a surplus, and no alarm", () => {
  const states = [shard({ services: { pay: [9, 2], other: [4, 0] } })];
  expect(judge({ states })).toMatchObject({ state: "balanced", unaccounted: 6 });
});

describe("as long as anything may be on its way it is in flight, and says what", () => {
  const short = (changes: Partial<ShardState>) => ({ states: [shard({ ...SHORT, ...changes })] });
  const services = { pay: [10, 1] as Counts };
  test.each<[string, Partial<LedgerInput>, string]>([
    [
      "logs that were accepted just now",
      { ...short({}), accounts: [account({ services, lastMovedAt: ago(3) })] },
      "just now",
    ],
    [
      "logs in the spool",
      { ...short({}), accounts: [account({ services, spooledLogs: 1 })] },
      "spool",
    ],
    [
      "logs in the spool of a process that is gone",
      {
        ...short({}),
        accounts: [account({ services, spooledLogs: 1, publishedAt: ago(600) })],
      },
      "not been heard of since",
    ],
    [
      "logs in the queue",
      { ...short({}), accounts: [account({ services, queuedLogs: 3 })] },
      "wait for Kinesis",
    ],
    ["a shard that lags", short({ millisBehindLatest: 5 }), "behind"],
    ["a shard that has said nothing yet", short({ millisBehindLatest: null }), "not said"],
    ["a shard nobody polls", short({ lastPolledAt: ago(16) }), "not being polled"],
    ["a batch that is being written", short({ pendingUntil: "7" }), "works on a batch"],
    [
      "a batch of a lane that is being written",
      short({ lanes: [{ sequenceNumber: null, pendingUntil: "7" }] }),
      "works on a batch",
    ],
    ["records that wait for their batch", short({ waitingRecords: 2 }), "wait for their batch"],
    [
      "a shard that does not move",
      short({ error: { code: "BATCH_FAILED", message: "S3 said no.", since: ago(9) } }),
      "S3 said no.",
    ],
    [
      "a shard that has no state yet",
      { ...short({}), shardIds: ["shardId-000000000000", "shardId-000000000001"] },
      "has not been read yet",
    ],
    ["shards that cannot be listed", { ...short({}), shardIds: undefined }, "not be listed"],
    ["no consumer at all", { states: [] }, "No consumer"],
  ])("%s", (_name, changes, reason) => {
    expect(judge(changes)).toMatchObject({
      state: "in_flight",
      since: null,
      reason: expect.stringContaining(reason),
    });
  });
});

test("a poll before the last movement proves nothing", () => {
  const accounts = [account({ services: { pay: [10, 1] }, lastMovedAt: ago(25) })];
  const states = [shard({ ...SHORT, lastPolledAt: ago(26) })];
  const balance = balanceOf(inputOf({ accounts, states }), { ...OPTIONS, freshMs: 60_000 });
  expect(balance).toMatchObject({ state: "in_flight", reason: expect.stringContaining("since") });
});

test("a queue that died with its process holds nothing up: it was never answered", () => {
  const accounts = [account({ services: { pay: [10, 1] }, queuedLogs: 3, publishedAt: ago(600) })];
  expect(judge({ accounts, states: [shard(SHORT)] }).state).toBe("open");
});

test("a stopped consumer is no alarm where all is stored", () => {
  const states = [shard({ services: { pay: [7, 2] }, lastPolledAt: ago(9_000) })];
  expect(judge({ states }).state).toBe("balanced");
});

test("what cannot be read, or nobody has published, makes it unknown and nothing else", () => {
  expect(judge({ gap: "a key: not JSON" })).toMatchObject({
    state: "unknown",
    reason: "a key: not JSON",
  });
  expect(judge({ accounts: [] }).state).toBe("unknown");
});

test("a stream that was made anew goes on from what was stored; what was not read of it is missing", () => {
  const earlierStates = [shard({ shardId: "shardId-000000000003", services: { pay: [4, 0] } })];
  const states = [shard({ services: { pay: [3, 2] } })];
  expect(judge({ states, earlierStates }).state).toBe("balanced");
  const short = judge({ states: [shard({ services: { pay: [2, 2] } })], earlierStates });
  expect(short).toMatchObject({ state: "open", reason: expect.stringContaining("made again") });
});

test("records that were given up are named beside what is missing", () => {
  const balance = judge({ states: [shard({ ...SHORT, discarded: 2 })] });
  expect(balance).toMatchObject({
    state: "open",
    discardedRecords: 2,
    reason: expect.stringContaining("on-failure destination"),
  });
});

test("with more services than have room only totals are compared", () => {
  const many = Object.fromEntries(
    Array.from({ length: LEDGER_MAX_SERVICES }, (_, index) => [`s${index}`, [1, 0] as Counts]),
  );
  const accounts = [account({ services: { ...many, __other__: [5, 0] } })];
  // The same logs, of which the consumer met others first.
  const states = [shard({ services: { late: [5, 0], ...many } })];
  const balance = judge({ accounts, states });
  expect(balance).toMatchObject({ state: "balanced", areServicesComplete: false, outstanding: 0 });
  expect(balance.services[0]).toMatchObject({ outstanding: null, unaccounted: null });
});

test("the worst of several streams is what is shown", () => {
  expect(worstState(["balanced", "open", "unknown"])).toBe("open");
  expect(worstState(["in_flight", "balanced"])).toBe("in_flight");
  expect(worstState([])).toBe("unknown");
});

/** Where a log can be; `foreign` ones were never accepted. */
const PLACES = [
  "spooled",
  "unread",
  "waiting",
  "pending",
  "stored",
  "quarantined",
  "lost",
  "foreign",
] as const;
type Place = (typeof PLACES)[number];

const log = fc.record({
  service: fc.constantFrom("pay", "cart", "constructor"),
  place: fc.constantFrom<Place>(...PLACES),
  shard: fc.nat({ max: 2 }),
  instance: fc.nat({ max: 1 }),
  repeats: fc.nat({ max: 2 }),
});
type Log = typeof log extends fc.Arbitrary<infer T> ? T : never;

const countBy = (logs: readonly Log[], of: (log: Log) => Counts): Record<string, Counts> => {
  const sums = new Map<string, Counts>();
  for (const one of logs) {
    const [a, b] = sums.get(one.service) ?? [0, 0];
    const [c, d] = of(one);
    sums.set(one.service, [a + c, b + d]);
  }
  return Object.fromEntries(sums);
};

/** What ingest and consumer would have published of these logs, once nothing has moved for a while. */
const publish = (logs: readonly Log[]): LedgerInput => {
  const of = (place: Place) => logs.filter((one) => one.place === place);
  return inputOf({
    accounts: [0, 1].map((instance) => {
      const own = logs.filter((one) => one.instance === instance && one.place !== "foreign");
      return account({
        instance: `i${instance}`,
        services: countBy(own, ({ repeats }) => [1 + repeats, repeats]),
        spooledLogs: own.filter(({ place }) => place === "spooled").length,
      });
    }),
    states: [0, 1, 2].map((number) => {
      const own = (place: Place) => of(place).filter((one) => one.shard === number);
      return shard({
        shardId: `shardId-00000000000${number}`,
        services: countBy(
          ["stored", "foreign", "quarantined"].flatMap((place) => own(place as Place)),
          ({ place }) => (place === "quarantined" ? [0, 1] : [1, 0]),
        ),
        millisBehindLatest: own("unread").length * 100,
        waitingRecords: own("waiting").length,
        pendingUntil: own("pending").length > 0 ? "9" : null,
      });
    }),
    shardIds: [0, 1, 2].map((number) => `shardId-00000000000${number}`),
  });
};

test("nothing is called missing while it may come, and nothing missing is called balanced", () => {
  fc.assert(
    fc.property(fc.array(log, { maxLength: 30 }), (logs) => {
      const places = new Set(logs.map(({ place }) => place));
      const balance = balanceOf(publish(logs), OPTIONS);
      const isMoving = ["spooled", "unread", "waiting", "pending"].some((place) =>
        places.has(place as Place),
      );
      if (balance.state === "open") expect([isMoving, places.has("lost")]).toEqual([false, true]);
      if (balance.state === "balanced") expect(balance.outstanding).toBe(0);
      // A log that was put in beside can hide one that is missing; without such logs none is hidden.
      if (places.has("lost") && !isMoving && !places.has("foreign"))
        expect(balance.state).toBe("open");
      if (!places.has("lost") && !isMoving) expect(balance.state).toBe("balanced");
      const { accepted, deduplicated, stored, quarantined, outstanding, unaccounted } = balance;
      expect(accepted + (unaccounted ?? 0)).toBe(
        deduplicated + stored + quarantined + (outstanding ?? 0),
      );
    }),
    { numRuns: 500 },
  );
});
