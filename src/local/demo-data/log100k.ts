import { createRandom } from "../../shared/core/random.ts";

export const LOG_100K_LINES = 100_000;

/** Lines that a viewer gets wrong, by their number, counted from 1. */
export const LOG_100K_SPECIAL = {
  int64: 8,
  markup: 12,
  ansi: 13,
  bidi: 14,
  /** 1.2 MB. */
  long: 50_000,
  broken: [20_001, 60_001, 99_990],
} as const;

export const LONG_LINE_BYTES = 1_200_000;

const LEVELS = ["INFO", "INFO", "INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"] as const;
const TEXTS = [
  "request handled",
  "cache hit",
  "upstream answered late, the circuit stays closed",
  "connection taken from the pool",
  "retrying after a reset",
  "batch flushed to storage",
] as const;

const specialMessage = (line: number): string | undefined => {
  switch (line) {
    case LOG_100K_SPECIAL.int64:
      return "an identifier that no double holds";
    case LOG_100K_SPECIAL.markup:
      return `<img src=x onerror="window.__xss=1"><script>window.__xss=1</script>`;
    case LOG_100K_SPECIAL.ansi:
      return "\u001b[31mred\u001b[0m \u001b]0;title\u0007 done";
    case LOG_100K_SPECIAL.bidi:
      return "access granted to \u202etimda\u202c and zero\u200bwidth";
    case LOG_100K_SPECIAL.long:
      return "x".repeat(LONG_LINE_BYTES);
    default:
      return undefined;
  }
};

/**
 * The lines of one large object: 100,000, some 21 MB, ten milliseconds apart, with everything in
 * them that log viewers trip over.
 */
export function* log100kLines(startMs: number, seed = 1): Generator<string> {
  const random = createRandom(seed);
  const broken = new Set<number>(LOG_100K_SPECIAL.broken);
  for (let line = 1; line <= LOG_100K_LINES; line += 1) {
    const level = random.pick(LEVELS);
    const text = random.pick(TEXTS);
    const service = `svc-${Math.floor(random.next() * 12)}`;
    const trace = Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
    if (broken.has(line)) {
      yield `{"timestamp":"${new Date(startMs + line * 10).toISOString()}","level":"ERROR","message":"cut sho`;
      continue;
    }
    const message = specialMessage(line) ?? text;
    yield `${JSON.stringify({
      timestamp: new Date(startMs + line * 10).toISOString(),
      level,
      service,
      message,
      path: `/orders/${Math.floor(random.next() * 10_000)}`,
      status: level === "ERROR" ? 500 : 200,
      duration_ms: Math.floor(random.next() * 900),
      trace_id: trace,
    }).slice(0, -1)},"user_id":9007199254740993}`;
  }
}
