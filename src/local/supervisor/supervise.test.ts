import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { PartFailedError, supervisePart } from "./supervise.ts";

const script = (source: string): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "supervise-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "part.mjs");
  writeFileSync(file, source);
  return file;
};

const READY = "process.send({ type: 'ready', pid: String(process.pid) });";
const STAY = "setInterval(() => {}, 1000);";

const start = async (source: string) => {
  const lines: string[] = [];
  const sentences: string[] = [];
  const record = (_fields: object, sentence: string) => void sentences.push(sentence);
  const part = await supervisePart(
    { name: "part", script: script(source), env: process.env },
    {
      show: (_part, line) => void lines.push(line),
      log: { debug: record, info: record, warn: record, error: record },
      restartDelayMs: { first: 10, longest: 40 },
      readyDeadlineMs: 10_000,
    },
  );
  onTestFinished(() => part.stop());
  return { part, lines, sentences };
};

test("a part that is killed is started again, and both are said", async () => {
  const { part, sentences } = await start(`${READY}${STAY}`);
  const before = Number(part.ready.pid);
  process.kill(before, "SIGKILL");
  await vi.waitFor(() => expect(sentences).toContain("part is up again."), 10_000);
  expect(Number(part.ready.pid)).not.toBe(before);
  expect(sentences.join()).toContain("part was killed (SIGKILL); starting it again in 0.01 s.");
});

test("a part that ends before it is ready is an error, not a loop of restarts", async () => {
  await expect(start("process.exit(3)")).rejects.toThrow(PartFailedError);
});

test("stopping lets the part finish its work first, and no restart follows", async () => {
  const { part, lines, sentences } = await start(
    `process.on('SIGTERM', () => { console.log('drained'); process.exit(0); });${READY}${STAY}`,
  );
  await part.stop();
  expect(lines).toEqual(["drained"]);
  expect(sentences).toEqual(["part is up."]);
});

test("a part that ignores SIGTERM is killed after the deadline", async () => {
  const file = script(`process.on('SIGTERM', () => {});${READY}${STAY}`);
  const part = await supervisePart(
    { name: "part", script: file, env: process.env },
    { show() {}, log: { debug() {}, info() {}, warn() {}, error() {} }, stopDeadlineMs: 100 },
  );
  const pid = Number(part.ready.pid);
  await part.stop();
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});
