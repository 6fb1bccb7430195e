import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { AcceptedChange } from "../../shared/core/accepted-ledger.ts";
import { openAcceptedFile } from "./accepted-file.ts";

const temporaryFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "accepted-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const change = (count: number): AcceptedChange => ({ services: { pay: [count, 0] } });
const fileIn = (folder: string): string => path.join(folder, "accepted");

test("what a write has resolved for is there when the folder is opened without a close", async () => {
  const folder = temporaryFolder();
  const first = await openAcceptedFile(folder);
  await first.write(change(3));
  await first.write({
    services: { cart: [1, 0] },
    inPart: { key: "k", positions: [[0, 2]] },
  });
  const second = await openAcceptedFile(folder);
  expect(second.instance).toBe(first.instance);
  expect(second.restored).toEqual({
    services: { pay: [3, 0], cart: [1, 0] },
    inPart: [{ key: "k", positions: [[0, 2]] }],
  });
  await second.write({ services: {}, inPart: { key: "k", positions: undefined } });
  expect((await openAcceptedFile(folder)).restored.inPart).toEqual([]);
});

test("a torn last write costs no earlier one", async () => {
  const folder = temporaryFolder();
  const file = await openAcceptedFile(folder);
  await file.write(change(1));
  const whole = statSync(fileIn(folder)).size;
  await file.write(change(2));
  truncateSync(fileIn(folder), whole + 5);
  const torn = await openAcceptedFile(folder);
  expect(torn.restored.services).toEqual({ pay: [1, 0] });
  appendFileSync(fileIn(folder), "rubbish");
  expect((await openAcceptedFile(folder)).restored.services).toEqual({ pay: [1, 0] });
});

test("many changes at once share writes, and the file stays small", async () => {
  const folder = temporaryFolder();
  const file = await openAcceptedFile(folder, 2_000);
  for (let round = 0; round < 20; round += 1)
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => file.write(change(round * 50 + index + 1))),
    );
  await file.close();
  expect(statSync(fileIn(folder)).size).toBeLessThan(6_000);
  expect((await openAcceptedFile(folder)).restored.services).toEqual({ pay: [1_000, 0] });
});

test("a file that is not ours to understand stops the start instead of counting from 0", async () => {
  const folder = temporaryFolder();
  const file = await openAcceptedFile(folder);
  await file.close();
  const { encodeFrame } = await import("../spool/frames.ts");
  appendFileSync(fileIn(folder), encodeFrame({ unknown: true }));
  await expect(openAcceptedFile(folder)).rejects.toThrow();
  expect(readFileSync(fileIn(folder)).length).toBeGreaterThan(0);
});
