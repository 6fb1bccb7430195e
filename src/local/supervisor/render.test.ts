import { expect, test } from "vitest";
import { createPrettyRender } from "./render.ts";

const render = createPrettyRender(false);
const line = (fields: object) => JSON.stringify({ time: "2026-01-02T03:04:05.678Z", ...fields });

test("normal lines show the sentence and nothing else", () => {
  expect(render("consumer", line({ level: "info", msg: "Wrote 100 logs.", shardId: "s" }))).toBe(
    "03:04:05 consumer  Wrote 100 logs.",
  );
});

test("warnings carry their fields, the cause first", () => {
  const log = { level: "warn", msg: "Retrying.", attempt: 2, err: { message: "reset" } };
  expect(render("ingest", line(log))).toBe("03:04:05 ingest    WARN Retrying.  reset attempt=2");
});

test("what is not a log line is passed on as it is", () => {
  expect(render("ingest", "Segmentation fault")).toMatch(
    /^\d\d:\d\d:\d\d ingest {4}Segmentation fault$/,
  );
});
