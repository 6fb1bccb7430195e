import fc from "fast-check";

/** Lines as logs, half-broken logs and worse; no line break inside. */
export const anyLine = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record(
        {
          timestamp: fc.constantFrom(
            "2026-11-22T13:00:00.250Z",
            "2026-11-22T13:00:01",
            "2026-11-22 14:30:00+07:00",
            "no time",
            1_795_000_000_000,
          ),
          level: fc.constantFrom("INFO", "error", "Warn", 50, "odd", null),
          service: fc.constantFrom("api", "payment-service", "", "Đơn hàng"),
          status: fc.constantFrom(200, 500, 404, "200", true, null),
          message: fc.string({ unit: "grapheme", maxLength: 20 }),
          data: fc.record({ user: fc.constantFrom("a", "b"), level: fc.constantFrom("fatal", 1) }),
          "a:b": fc.constantFrom("x", "-y", ">5"),
          latency_ms: fc.double({ noNaN: true, noDefaultInfinity: true }),
        },
        { requiredKeys: [] },
      )
      .map((log) => JSON.stringify(log)),
  },
  fc.json({ maxDepth: 4 }).map((text) => text.replaceAll("\n", " ")),
  fc
    .tuple(fc.json(), fc.nat())
    .map(([text, at]) => text.slice(0, at % (text.length + 1)).replaceAll("\n", " ")),
  fc.constantFrom(
    "",
    "{",
    '{"a":1',
    '{"a":01}',
    "plain text error",
    '{"id":9007199254740993}',
    "\r",
  ),
);

export const bytesOf = (lines: readonly string[]): Uint8Array =>
  new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
