import { createRandom, type Random } from "../../shared/core/random.ts";

/** What a service says, at which level; the weights of one service add up to what they may. */
type Message = readonly [level: string, weight: number, path: string, text: string];

const SERVICES: Readonly<Record<string, { perMinute: number; messages: readonly Message[] }>> = {
  "api-gateway": {
    perMinute: 1.1,
    messages: [
      ["INFO", 80, "/v1/orders", "request served"],
      ["INFO", 30, "/v1/session", "request served"],
      ["DEBUG", 10, "/v1/orders", "route matched orders.read"],
      ["WARN", 5, "/v1/search", "slow upstream answer"],
      ["ERROR", 2, "/v1/orders", "upstream answered 502, retried twice"],
    ],
  },
  checkout: {
    perMinute: 0.5,
    messages: [
      ["INFO", 60, "/cart", "order placed"],
      ["INFO", 30, "/cart", "cart priced in EUR, 19 % VAT"],
      ["WARN", 6, "/cart", "stock is lower than the cart, asking the customer"],
      ["ERROR", 2, "/cart", "order not placed: payment declined"],
    ],
  },
  "payment-service": {
    perMinute: 0.5,
    messages: [
      ["INFO", 60, "/pay", "payment authorised"],
      ["INFO", 15, "/pay/refund", "refund booked"],
      ["WARN", 6, "/pay", "second attempt at the card network"],
      ["ERROR", 3, "/pay", "card network timed out after 3000 ms"],
      ["FATAL", 0.2, "/pay", "ledger connection lost, shutting down"],
    ],
  },
  "auth-service": {
    perMinute: 0.6,
    messages: [
      ["INFO", 60, "/login", "signed in with a passkey"],
      ["INFO", 20, "/token", "token renewed"],
      ["WARN", 9, "/login", "third wrong password in a minute"],
      ["ERROR", 1, "/token", "signing key not found"],
    ],
  },
  "inventory-service": {
    perMinute: 0.35,
    messages: [
      ["INFO", 50, "/stock", "stock synchronised"],
      ["DEBUG", 20, "/stock", "cache hit"],
      ["WARN", 4, "/stock", "warehouse answers in Đà Nẵng are late"],
    ],
  },
  notifications: {
    perMinute: 0.25,
    messages: [
      ["INFO", 40, "/mail", "mail handed over"],
      ["TRACE", 5, "/mail", "template rendered"],
      ["WARN", 3, "/push", "device token expired"],
      ["ERROR", 1, "/mail", "mail refused: 550 mailbox unavailable"],
    ],
  },
};

export const DEMO_SERVICES: readonly string[] = Object.keys(SERVICES);

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** Hours ago, counted in whole hours of the clock: where the special stretches are. */
export const DEMO_HOURS = {
  /** Nobody logged anything. */
  gap: 26,
  /** Many objects of a few hundred bytes. */
  tiny: 30,
  /** From here to now inventory-service writes its records in another shape. */
  drift: 20,
  /** payment-service fails for 40 minutes. */
  incident: 5,
  total: 72,
} as const;

/** The start of the hour that lies so many hours before the one `nowMs` is in. */
export const hourAgo = (nowMs: number, hours: number): number =>
  (Math.floor(nowMs / HOUR_MS) - hours) * HOUR_MS;

const weighted = (random: Random, messages: readonly Message[]): Message => {
  const total = messages.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.next() * total;
  for (const message of messages) {
    left -= message[1];
    if (left < 0) return message;
  }
  return messages[0] as Message;
};

/** More by day than by night, UTC+7. */
const dayShape = (ms: number): number =>
  0.6 + 0.4 * Math.sin(((ms / HOUR_MS + 7 - 8) / 24) * 2 * Math.PI);

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random.next() * 16).toString(16)).join("");

/** Digits that no double holds: whoever parses them shows another order. */
const ORDER_BASE = 9_007_199_254_740_993n;

const lineAt = (service: string, ms: number, nowMs: number, random: Random): string => {
  const { messages } = SERVICES[service] ?? { messages: [] };
  const intoIncident = ms - hourAgo(nowMs, DEMO_HOURS.incident);
  const isIncident =
    service === "payment-service" && intoIncident >= 0 && intoIncident < 40 * MINUTE_MS;
  const [level, , path, text] =
    isIncident && random.chance(0.6)
      ? (["ERROR", 1, "/pay", "card network timed out after 3000 ms"] as const)
      : weighted(random, messages);
  const isBad = level === "ERROR" || level === "FATAL";
  const latency = Math.round(random.between(2, isBad ? 3_000 : 240) * 100) / 100;
  const isDrifted = service === "inventory-service" && ms >= hourAgo(nowMs, DEMO_HOURS.drift);
  const order = ORDER_BASE + BigInt(Math.floor(random.next() * 1e9));
  const fields = {
    timestamp: new Date(ms).toISOString(),
    service,
    level,
    message: text,
    path,
    status: isBad ? 502 : 200,
    trace_id: hex(random, 32),
    host: `${service}-${Math.floor(random.next() * 3)}`,
    ...(isDrifted
      ? { latency_ms: `${latency} ms`, warehouse: { id: 7, region: "ap-southeast-1" } }
      : { latency_ms: latency, region: "eu-west-1" }),
  };
  return `${JSON.stringify(fields).slice(0, -1)},"order_id":${order}}`;
};

/**
 * Lines of all services between two times, oldest first, the hour of the gap left out. A function
 * of the minute: the same stretch gives the same lines, whenever and in whatever pieces it is asked
 * for, as long as `nowMs` is in the same hour.
 */
export function* demoLogs({
  fromMs,
  toMs,
  nowMs,
  seed = 1,
}: {
  fromMs: number;
  toMs: number;
  nowMs: number;
  seed?: number;
}): Generator<string> {
  const gap = hourAgo(nowMs, DEMO_HOURS.gap);
  const base = createRandom(seed);
  for (
    let minute = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS;
    minute < toMs;
    minute += MINUTE_MS
  ) {
    if (minute >= gap && minute < gap + HOUR_MS) continue;
    const lines: { ms: number; line: string }[] = [];
    for (const service of DEMO_SERVICES) {
      const random = base.fork(`${service} ${minute}`);
      const expected = (SERVICES[service]?.perMinute ?? 0) * dayShape(minute);
      const count = Math.floor(expected) + (random.chance(expected % 1) ? 1 : 0);
      for (let at = 0; at < count; at += 1) {
        const ms = minute + Math.floor(random.next() * MINUTE_MS);
        if (ms >= fromMs && ms < toMs) lines.push({ ms, line: lineAt(service, ms, nowMs, random) });
      }
    }
    for (const { line } of lines.sort((a, b) => a.ms - b.ms)) yield line;
  }
}

/** Metrics or APM spans over the same time, one a service and ten minutes. */
export function* demoSignals(
  signal: "metrics" | "apm",
  { fromMs, toMs, seed = 1 }: { fromMs: number; toMs: number; seed?: number },
): Generator<string> {
  const step = 10 * MINUTE_MS;
  for (let at = Math.ceil(fromMs / step) * step; at < toMs; at += step)
    for (const service of DEMO_SERVICES) {
      const random = createRandom(seed).fork(`${signal} ${service} ${at}`);
      const common = { timestamp: new Date(at).toISOString(), service };
      yield JSON.stringify(
        signal === "metrics"
          ? {
              ...common,
              name: "http.server.duration",
              unit: "ms",
              value: Math.round(random.between(5, 400)),
            }
          : {
              ...common,
              trace_id: hex(random, 32),
              span_id: hex(random, 16),
              name: `GET ${random.pick(["/v1/orders", "/v1/session", "/stock"])}`,
              duration_ms: Math.round(random.between(1, 900)),
            },
      );
    }
}
