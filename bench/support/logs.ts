/** The same numbers for the same seed (mulberry32), from 0 to 1. */
export const createRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const SERVICES = ["payment-service", "auth-service", "user-service", "inventory-service"];
const LEVELS = ["INFO", "INFO", "INFO", "WARN", "ERROR"];
const WORDS =
  "request retry connection gateway refund cache hit timeout upstream account balance slow response ledger token session".split(
    " ",
  );

export type LogOptions = {
  count: number;
  /** Bytes of each log, ASCII. */
  size: number;
  seed?: number;
  /** Of the first log, in milliseconds since the epoch; the others follow 7 ms apart. */
  startMs?: number;
};

/** Logs as the usual application writes them, in four services, all of the same size. */
export const makeLogs = ({
  count,
  size,
  seed = 1,
  startMs = Date.UTC(2025, 10, 14, 1, 13),
}: LogOptions): string[] => {
  const random = createRandom(seed);
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? "";
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
  return Array.from({ length: count }, (_, at) => {
    const log = {
      timestamp: `${new Date(startMs + at * 7).toISOString().slice(0, -1)}499`,
      trace_id: hex(32),
      span_id: hex(16),
      parent_span_id: null,
      service: pick(SERVICES),
      level: pick(LEVELS),
      path: `/v1/${pick(WORDS)}/${Math.floor(random() * 10_000)}`,
      message: "",
      status: 200 + Math.floor(random() * 300),
      latency_ms: Number((random() * 500).toFixed(2)),
      is_anomaly: random() < 0.01,
    };
    const room = size - JSON.stringify(log).length;
    while (log.message.length < room) log.message += `${pick(WORDS)} `;
    log.message = log.message.slice(0, room);
    return JSON.stringify(log);
  });
};
