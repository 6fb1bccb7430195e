import fc from "fast-check";
import { expect, test } from "vitest";
import { type BodyForm, type CutBody, cutItems } from "./ingest-body.ts";
import { INGEST_MAX_ENVELOPE_BYTES, INGEST_MAX_LOGS, RECORD_MAX_BYTES } from "./limits.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const cut = (body: string | Uint8Array, form: BodyForm = "json"): CutBody =>
  cutItems(typeof body === "string" ? bytesOf(body) : body, form);

const linesOf = (result: CutBody): string[] => {
  if (!result.ok) throw new Error(`${result.code}: ${result.reason}`);
  return result.logs.map(({ bytes }) => textOf(bytes));
};

const refusedOf = (result: CutBody): [number, string][] => {
  if (!result.ok) throw new Error(`${result.code}: ${result.reason}`);
  return result.refused.map(({ index, code }) => [index, code]);
};

const codeOf = (result: CutBody): string => (result.ok ? "ok" : result.code);

/** Text of a JSON document as many ways as a producer may write it. */
const space = fc.constantFrom("", "", "", " ", "\n", "\r\n", "\t", " \n ");
const numberText = fc.oneof(
  fc.constantFrom("1.0", "1e3", "-0", "9007199254740993", "1E-7", "123456789012345678901234567890"),
  fc.integer().map(String),
);
const character = fc.oneof(
  fc
    .string({ minLength: 1, maxLength: 1, unit: "grapheme" })
    .map((c) => JSON.stringify(c).slice(1, -1)),
  fc.constantFrom(
    '\\"',
    "\\\\",
    "\\n",
    "\\/",
    "\\u00e9",
    "\\ud83d\\ude00",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
  ),
);
const stringText = fc.array(character, { maxLength: 8 }).map((parts) => `"${parts.join("")}"`);
const joined = (open: string, close: string) => (items: [string, string, string][]) =>
  open + items.map(([before, item, after]) => before + item + after).join(",") + close;
const { value: valueText } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("null", "true", "false", "{}", "[]"),
    numberText,
    stringText,
    fc.array(fc.tuple(space, tie("value"), space), { maxLength: 3 }).map(joined("[", "]")),
    tie("object"),
  ),
  object: fc
    .array(
      fc.tuple(
        fc.tuple(space, stringText, space).map((parts) => parts.join("")),
        fc.tuple(space, tie("value"), space).map((parts) => parts.join("")),
      ),
      { maxLength: 4 },
    )
    .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(",")}}`),
}));
const objectText = fc
  .array(fc.tuple(stringText, space, valueText, space), { maxLength: 4 })
  .map((members) => `{${members.map(([k, a, v, b]) => `${k}:${a}${v}${b}`).join(",")}}`);

const onOneLine = (text: string): string => text.replace(/[\r\n]/g, " ");

const expectSameItems = (result: CutBody, items: readonly string[]): void => {
  if (!result.ok) throw new Error(`${result.code}: ${result.reason}`);
  const isObject = (text: string) => /^\{/.test(text);
  expect(result.logs.map(({ index, bytes }) => [index, textOf(bytes)])).toEqual(
    items.map((text, index) => [index, onOneLine(text)]).filter(([, text]) => isObject(`${text}`)),
  );
  expect(result.refused.map(({ index, code }) => [index, code])).toEqual(
    items.flatMap((text, index) => (isObject(text) ? [] : [[index, "NOT_AN_OBJECT"]])),
  );
};

const itemTexts = fc.array(fc.oneof({ weight: 4, arbitrary: objectText }, valueText), {
  minLength: 1,
  maxLength: 6,
});

test("every item of an array arrives byte for byte, line breaks between tokens aside", () => {
  fc.assert(
    fc.property(itemTexts, space, space, (items, before, after) => {
      const body = `${before}[${items.map((item) => after + item + before).join(",")}]${after}`;
      expectSameItems(cut(body), items);
      const parsed: unknown[] = JSON.parse(body);
      const result = cut(body);
      if (!result.ok) throw new Error(result.reason);
      for (const { index, bytes } of result.logs)
        expect(JSON.parse(textOf(bytes))).toEqual(parsed[index]);
    }),
    { numRuns: 500 },
  );
});

test("every item of `logs` arrives byte for byte, whatever stands around it", () => {
  const others = fc.array(fc.tuple(stringText, valueText), { maxLength: 3 });
  const logsKey = fc.constantFrom('"logs"', '"l\\u006fgs"', '"\\u006c\\u006F\\u0067\\u0073"');
  fc.assert(
    fc.property(itemTexts, others, others, logsKey, space, (items, before, after, key, gap) => {
      const members = (list: [string, string][]) =>
        list.filter(([k]) => JSON.parse(k) !== "logs").map(([k, v]) => `${k}${gap}:${gap}${v}`);
      const logs = `${key}${gap}:${gap}[${gap}${items.join(`${gap},${gap}`)}${gap}]`;
      const body = `{${gap}${[...members(before), logs, ...members(after)].join(`${gap},`)}${gap}}`;
      JSON.parse(body);
      expectSameItems(cut(body), items);
    }),
    { numRuns: 500 },
  );
});

test("every line of NDJSON arrives byte for byte", () => {
  const blank = fc.constantFrom("", "", "\n", "  \r\n", "\t\n");
  const lineBreak = fc.constantFrom("\n", "\r\n", " \n");
  fc.assert(
    fc.property(fc.array(fc.tuple(blank, objectText, lineBreak), { minLength: 1 }), (lines) => {
      const items = lines.map(([, text]) => text.replace(/[\r\n]/g, " "));
      const body = lines.map(([gap, , end], index) => `${gap}${items[index]}${end}`).join("");
      expect(linesOf(cut(body, "ndjson"))).toEqual(items);
      expect(linesOf(cut(body.trimEnd(), "ndjson"))).toEqual(items);
    }),
    { numRuns: 300 },
  );
});

test("takes what JSON.parse takes and refuses what it refuses", () => {
  const broken = fc.tuple(
    fc.oneof(
      objectText,
      fc.array(objectText).map((items) => `{"logs":[${items.join(",")}]}`),
    ),
    fc.nat(),
    fc.constantFrom(
      "",
      ",",
      "]",
      "}",
      '"',
      ":",
      "{",
      "[",
      "x",
      "\\",
      "\u00a0",
      "0",
      "\n",
      "\u0001",
    ),
    fc.nat({ max: 2 }),
  );
  fc.assert(
    fc.property(broken, ([text, position, insert, remove]) => {
      const at = position % (text.length + 1);
      const body = `${text.slice(0, at)}${insert}${text.slice(at + remove)}`.replace(
        /\p{Surrogate}/gu,
        "?",
      );
      let isJson = true;
      try {
        JSON.parse(body);
      } catch {
        isJson = false;
      }
      const code = codeOf(cut(body));
      const saysJson = code === "ok" || code === "NO_LOGS";
      expect([body, saysJson]).toEqual([body, isJson]);
    }),
    { numRuns: 3_000 },
  );
});

test("an object is the envelope when its own `logs` is an array, else it is the log", () => {
  expect(linesOf(cut('{"logs":[{"a":1},{"b":2}],"metadata":{"logs":[{"c":3}]}}'))).toEqual([
    '{"a":1}',
    '{"b":2}',
  ]);
  expect(linesOf(cut('{"logs":"none","a":1}'))).toEqual(['{"logs":"none","a":1}']);
  expect(linesOf(cut('{"data":{"logs":[{"a":1}]}}'))).toEqual(['{"data":{"logs":[{"a":1}]}}']);
  expect(linesOf(cut('{"logs":[{"a":1}],"logs":[{"a":2}]}'))).toEqual(['{"a":2}']);
  expect(linesOf(cut('{"logs":[{"a":1}],"logs":7}'))).toEqual(['{"logs":[{"a":1}],"logs":7}']);
});

test("a log keeps its numbers, key order, escapes and unicode", () => {
  const log = String.raw`{"z":1.0,"a":1e3,"id":9007199254740993,"e":"\u00e9\/é","n":"thanh toán/đơn 😀"}`;
  expect(linesOf(cut(`[${log}]`))).toEqual([log]);
  expect(linesOf(cut(log))).toEqual([log]);
  expect(linesOf(cut(`${log}\n`, "ndjson"))).toEqual([log]);
});

test("a byte order mark is skipped", () => {
  expect(linesOf(cut('\ufeff{"a":1}'))).toEqual(['{"a":1}']);
  expect(linesOf(cut('\ufeff{"a":1}\n{"a":2}', "ndjson"))).toEqual(['{"a":1}', '{"a":2}']);
});

test("invalid UTF-8 refuses the log it is in and no other", () => {
  const bad = [...bytesOf('{"a":"'), 0xff, ...bytesOf('"}')];
  const json = Uint8Array.from([...bytesOf('[{"b":1},'), ...bad, ...bytesOf(',{"c":2}]')]);
  expect(linesOf(cut(json))).toEqual(['{"b":1}', '{"c":2}']);
  expect(refusedOf(cut(json))).toEqual([[1, "INVALID_UTF8"]]);
  const lines = Uint8Array.from([...bad, ...bytesOf('\n{"c":2}')]);
  expect(refusedOf(cut(lines, "ndjson"))).toEqual([[0, "INVALID_UTF8"]]);
  const envelope = Uint8Array.from([...bytesOf('{"logs":[{"a":1}],"m":"'), 0xc0, ...bytesOf('"}')]);
  expect(codeOf(cut(envelope))).toBe("INVALID_UTF8");
});

test("a bad line refuses only itself, and blank lines do not count", () => {
  const body = '\n{"a":1}\n\nnot json\n[]\n"x"\n{"a":2}\n';
  expect(linesOf(cut(body, "ndjson"))).toEqual(['{"a":1}', '{"a":2}']);
  expect(refusedOf(cut(body, "ndjson"))).toEqual([
    [1, "INVALID_JSON"],
    [2, "NOT_AN_OBJECT"],
    [3, "NOT_AN_OBJECT"],
  ]);
});

test("lines sent as JSON are told how to be sent; `either` takes them", () => {
  const body = '{"a":1}\n{"a":2}\n';
  const asJson = cut(body);
  expect(asJson).toMatchObject({ ok: false, code: "TRAILING_TEXT" });
  expect(asJson.ok ? "" : asJson.reason).toContain("application/x-ndjson");
  expect(linesOf(cut(body, "either"))).toEqual(['{"a":1}', '{"a":2}']);
  expect(linesOf(cut('{"logs":[{"a":1}]}', "either"))).toEqual(['{"a":1}']);
  expect(codeOf(cut("nonsense", "either"))).toBe("INVALID_JSON");
});

test("a body without logs is refused", () => {
  for (const body of ["", " \n ", "\ufeff"])
    for (const form of ["json", "ndjson", "either"] as const)
      expect(codeOf(cut(body, form))).toBe("EMPTY_BODY");
  expect(codeOf(cut("[]"))).toBe("NO_LOGS");
  expect(codeOf(cut('{"logs":[]}'))).toBe("NO_LOGS");
});

test("a log may fill a record to the byte, less its partition key", () => {
  const service = "é";
  const logOf = (size: number): string => {
    const empty = bytesOf(`{"service":"${service}","m":""}`).length;
    return `{"service":"${service}","m":"${"x".repeat(size - empty)}"}`;
  };
  const limit = RECORD_MAX_BYTES - 2;
  for (const form of ["json", "ndjson"] as const) {
    expect(refusedOf(cut(logOf(limit), form))).toEqual([]);
    expect(refusedOf(cut(logOf(limit + 1), form))).toEqual([[0, "TOO_LARGE"]]);
    expect(refusedOf(cut(logOf(2 * RECORD_MAX_BYTES), form))).toEqual([[0, "TOO_LARGE"]]);
  }
  const result = cut(logOf(limit + 1));
  expect(result.ok && result.refused[0]?.reason).toContain(String(limit));
});

test("the number of logs and what surrounds them are bounded", () => {
  const many = `[${"{},".repeat(INGEST_MAX_LOGS)}{}]`;
  expect(codeOf(cut(many))).toBe("TOO_MANY_LOGS");
  expect(codeOf(cut(`{"logs":${many}}`))).toBe("TOO_MANY_LOGS");
  expect(codeOf(cut("{}\n".repeat(INGEST_MAX_LOGS + 1), "ndjson"))).toBe("TOO_MANY_LOGS");
  expect(linesOf(cut("{}\n".repeat(INGEST_MAX_LOGS), "ndjson"))).toHaveLength(INGEST_MAX_LOGS);
  const padding = "x".repeat(INGEST_MAX_ENVELOPE_BYTES);
  expect(codeOf(cut(`{"logs":[{}],"metadata":"${padding}"}`))).toBe("ENVELOPE_TOO_LARGE");
});

test("nesting to any depth is walked without harm", () => {
  const depth = 200_000;
  const deep = `[{"a":${"[".repeat(depth)}${"]".repeat(depth)}}]`;
  expect(["ok", "INVALID_JSON"]).toContain(codeOf(cut(deep)));
  expect(codeOf(cut("[".repeat(depth)))).toBe("INVALID_JSON");
});

test("never throws, whatever the bytes", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom<BodyForm>("json", "ndjson", "either"),
      (body, form) => {
        cutItems(body, form);
      },
    ),
  );
});
