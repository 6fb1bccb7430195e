import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Logger } from "../../shared/core/logger.ts";
import { silentLogger } from "../../shared/core/logger.ts";
import { type LogFilesOptions, openLogFiles } from "./log-files.ts";

const NOON = Date.parse("2025-11-14T12:00:00Z");

const newFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "log-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const openFiles = async (
  options: Partial<LogFilesOptions> & { folder: string },
  log: Logger = silentLogger,
) => {
  const clock = { now: NOON };
  const files = await openLogFiles(
    { log, now: () => clock.now },
    { maxBytes: 1e9, flushEveryMs: 3_600_000, ...options },
  );
  const send = (text: string): void =>
    files.take({ signal: "logs", service: "s", bytes: new TextEncoder().encode(text) });
  return { files, send, clock };
};

const read = (folder: string, file: string) => readFileSync(path.join(folder, file), "utf8");

test("a log is a line of its producer's own bytes, in the file of its type and day", async () => {
  const folder = newFolder();
  const { files, send, clock } = await openFiles({ folder });
  const first = '{"log_type":"payment","n":9007199254740993,"t":"ä \\u00e4"}';
  send(first);
  send('{"log_type":"payment_log","n":1.0}');
  send('{"log_type":"payment","data":{"anomaly_score":70.5}}');
  send('{"message":"flat"}');
  clock.now += 86_400_000;
  send('{"log_type":"payment","day":2}');
  await files.close();
  expect(read(folder, "transaction/payment_20251114.log")).toBe(
    `${first}\n{"log_type":"payment_log","n":1.0}\n`,
  );
  expect(read(folder, "transaction/payment_20251115.log")).toBe('{"log_type":"payment","day":2}\n');
  expect(read(folder, "anomaly/payment_20251114.log")).toContain("70.5");
  expect(read(folder, "application/unknown_20251114.log")).toBe('{"message":"flat"}\n');
  expect(files.stats()).toMatchObject({
    files: 4,
    writtenLogs: 5,
    droppedLogs: 0,
    queuedBytes: 0,
    categories: { transaction: { files: 2 }, anomaly: { files: 1 }, application: { files: 1 } },
  });
});

test("a metric and a trace without a type have a place of their own", async () => {
  const folder = newFolder();
  const { files } = await openFiles({ folder });
  const bytes = new TextEncoder().encode("{}");
  files.take({ signal: "metrics", service: "s", bytes });
  files.take({ signal: "apm", service: "s", bytes });
  await files.close();
  expect(Object.keys(files.stats().categories).sort()).toEqual(["application", "monitoring"]);
  expect(read(folder, "application/apm_trace_20251114.log")).toBe("{}\n");
});

test("a line that a kill cut short spoils no other, and what is there is added to", async () => {
  const folder = newFolder();
  mkdirSync(path.join(folder, "transaction"));
  writeFileSync(path.join(folder, "transaction/loan_20251114.log"), '{"log_type":"lo');
  const { files, send } = await openFiles({ folder });
  send('{"log_type":"loan","n":1}');
  await files.close();
  expect(read(folder, "transaction/loan_20251114.log")).toBe(
    '{"log_type":"lo\n{"log_type":"loan","n":1}\n',
  );
});

test("past the bound the files that rested longest are deleted, and only log files", async () => {
  const folder = newFolder();
  mkdirSync(path.join(folder, "security"));
  const old = path.join(folder, "security/session_20251101.log");
  const newer = path.join(folder, "security/session_20251102.log");
  const foreign = path.join(folder, "security/notes.txt");
  for (const file of [old, newer, foreign]) writeFileSync(file, "x".repeat(600));
  utimesSync(old, 1, 1);
  const { files, send } = await openFiles({ folder, maxBytes: 1_300 });
  expect(files.stats()).toMatchObject({ files: 2, bytes: 1_200 });
  send(`{"log_type":"session","pad":"${"x".repeat(300)}"}`);
  await files.close();
  expect(readdirSync(path.join(folder, "security")).sort()).toEqual([
    "notes.txt",
    "session_20251102.log",
    "session_20251114.log",
  ]);
  expect(files.stats()).toMatchObject({ files: 2, deletedFiles: 1 });
});

test("one busy type stays within the bound as well, its newest lines kept", async () => {
  const folder = newFolder();
  const maxBytes = 64_000;
  const { files, send } = await openFiles({ folder, maxBytes, flushEveryMs: 1 });
  for (let n = 0; n < 400; n += 1) {
    send(`{"log_type":"cdn","n":${n},"pad":"${"x".repeat(450)}"}`);
    await new Promise((resolve) => setImmediate(resolve));
    if (n % 10 === 9) await expect.poll(() => files.stats().queuedBytes).toBe(0);
  }
  await files.close();
  const names = readdirSync(path.join(folder, "infrastructure"));
  const size = names.reduce(
    (sum, name) => sum + statSync(path.join(folder, "infrastructure", name)).size,
    0,
  );
  expect(size).toBeLessThanOrEqual(maxBytes);
  expect(size).toBe(files.stats().bytes);
  expect(read(folder, "infrastructure/cdn_20251114.log")).toContain('"n":399');
  expect(names.length).toBeGreaterThan(10);
  const reopened = await openFiles({ folder, maxBytes });
  expect(reopened.files.stats()).toMatchObject({ files: names.length, bytes: size });
});

test("a disk slower than the logs costs the logs that find no room, counted", async () => {
  const folder = newFolder();
  const { files, send } = await openFiles({ folder, maxQueueBytes: 100 });
  for (let n = 0; n < 10; n += 1) send(`{"log_type":"dns","n":${n}}`);
  expect(files.stats().droppedLogs).toBe(6);
  files.addDropped(2);
  await files.close();
  expect(files.stats()).toMatchObject({ writtenLogs: 4, droppedLogs: 8, queuedBytes: 0 });
});

test("a folder that cannot be written is warned of once, and what it costs is counted", async () => {
  const folder = newFolder();
  // A file where the folder of the category should be: also root cannot write there.
  writeFileSync(path.join(folder, "fraud"), "");
  chmodSync(folder, 0o500);
  const warnings: string[] = [];
  const log = {
    ...silentLogger,
    warn: (_: object, message: string) => void warnings.push(message),
  };
  const { files, send } = await openFiles({ folder, flushEveryMs: 1 }, log);
  for (let n = 0; n < 5; n += 1) {
    send(`{"log_type":"aml_screening","n":${n}}`);
    await expect.poll(() => files.stats().droppedLogs).toBe(n + 1);
  }
  await files.close();
  expect(warnings).toHaveLength(1);
  expect(files.stats()).toMatchObject({ writtenLogs: 0, droppedLogs: 5, queuedBytes: 0 });
  expect(files.stats().failure).toMatch(/ENOTDIR|EEXIST|EACCES/);
});
