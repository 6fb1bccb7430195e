import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openKeyLog } from "./key-log.ts";

const ATTEMPT = { startedAt: 1, after: { "shardId-000000000000": "7" } };

const setUp = () => {
  const folder = mkdtempSync(path.join(tmpdir(), "keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let time = Date.now();
  const open = async () => {
    const log = await openKeyLog(folder, { windowMs: 60_000, now: () => time });
    onTestFinished(() => log.close().catch(() => undefined));
    return log;
  };
  const begin = (key: string) => ({
    key,
    digest: `json:${key}`,
    packBytes: 100,
    attempt: ATTEMPT,
    firstSeenAt: time,
  });
  return {
    folder,
    open,
    begin,
    pass: (ms: number) => {
      time += ms;
    },
  };
};

test("the next process knows which keys were begun and what was left open of each", async () => {
  const { open, begin } = setUp();
  const log = await open();
  await Promise.all([
    log.begin(begin("cut short")),
    log.begin(begin("done")),
    log.begin(begin("again")),
  ]);
  await log.end("done", []);
  await log.end("again", [[2, 4]]);
  await log.begin(begin("again"));
  const { known } = await open();
  expect(known.map(({ key, open: left, digest }) => [key, left, digest])).toEqual([
    ["cut short", undefined, "json:cut short"],
    ["done", [], "json:done"],
    ["again", undefined, "json:again"],
  ]);
  expect(known[0]?.attempt).toEqual(ATTEMPT);
});

test("a torn last line is left out, and keys whose window is over are forgotten", async () => {
  const { folder, open, begin, pass } = setUp();
  const log = await open();
  await log.begin(begin("old"));
  pass(59_000);
  await log.begin(begin("young"));
  const [file = ""] = readdirSync(folder);
  appendFileSync(path.join(folder, file), Buffer.from([0, 0, 0, 9, 1]));
  pass(2_000);
  expect((await open()).known.map(({ key }) => key)).toEqual(["young"]);
});

test("files are bounded in size, and go when they are older than the window", async () => {
  const { folder, open, begin, pass } = setUp();
  const log = await open();
  const long = (index: number) => `${index}-${"k".repeat(250)}`;
  for (let from = 0; from < 12_000; from += 1_000)
    await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => log.begin(begin(long(from + index)))),
    );
  expect(readdirSync(folder).length).toBeGreaterThan(1);
  expect((await open()).known).toHaveLength(12_000);
  pass(120_000);
  expect((await open()).known).toEqual([]);
  expect(readdirSync(folder).length).toBe(1);
}, 20_000);
