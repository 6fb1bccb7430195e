/** Keys that break what builds paths from them. Each holds its own key as its only line. */
export const HOSTILE_KEYS = [
  "a b+c%#?.jsonl",
  "a//b",
  "a/../b",
  "a/./b",
  "/lead",
  "x%2Fy",
  "100%",
  "日本/ü.jsonl",
  "..%2f..%2fetc",
  "<svg onload=alert(1)>.jsonl",
] as const;

/** What the keys above must never be taken for. */
export const MISTAKEN_KEYS = ["b", "a/b", "lead", "x/y"] as const;

/** The body of the object at a hostile key. */
export const hostileBody = (key: string): string => `${JSON.stringify({ key })}\n`;

/** Kinesis records that hold no log, or not only logs. */
export const quarantinedRecords = (): Uint8Array[] => {
  const text = (value: string) => new TextEncoder().encode(value);
  const gzipHead = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c];
  return [
    text("2026-11-22 10:00:00 ERROR a line that was never JSON"),
    text('Traceback (most recent call last):\n  File "app.py", line 7\nValueError: no'),
    text('{"service": "api-gateway", "level": "INFO", "message": "unterm'),
    text(`<img src=x onerror="window.__xss=1"> \u202egnirts\u202c \u001b[31mred\u001b[0m`),
    text("42"),
    text('"a string"'),
    text("[1, 2, 3]"),
    text("   "),
    new Uint8Array([0x7b, 0x22, 0x6e, 0x22, 0x3a, 0x22, 0xe9, 0x74, 0xe9, 0x22, 0x7d]),
    Uint8Array.from({ length: 64 }, (_, byte) => byte * 4),
    new Uint8Array(gzipHead),
  ];
};

/** Stored as HTML: a browser that believed it would run it. */
export const HTML_OBJECT = {
  key: "stored-as-html.jsonl",
  contentType: "text/html",
  body: `<script>window.__xss=1</script>\n{"level":"ERROR","message":"stored as text/html"}\n`,
} as const;

/** 200 MB of zeros in some 200 KB of gzip. */
export const BOMB = { key: "bomb.jsonl.gz", bytes: 200 * 1024 * 1024 } as const;
