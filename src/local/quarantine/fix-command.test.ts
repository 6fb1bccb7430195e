import { expect, test } from "vitest";
import { createCodec } from "../../shared/aws/codec.ts";
import type { StoredEntry } from "../../shared/core/quarantine-entry.ts";
import { createFixCommand } from "./fix-command.ts";

const entryOf = (data: Uint8Array): StoredEntry => ({
  reason: "not_json",
  detail: "",
  stream: "s",
  shardId: "shardId-0",
  sequenceNumber: "7",
  index: 2,
  partitionKey: "",
  arrivedAt: "2025-11-14T01:00:00.000Z",
  data: Buffer.from(data).toString("base64"),
});

const fix = (command: string, data: Uint8Array = Buffer.from("x"), maxBytes = 4 * 1024 * 1024) =>
  createFixCommand(command, createCodec(), {
    timeoutMs: 2_000,
    maxBytes,
    env: { PATH: process.env.PATH },
  })(entryOf(data));

test("the command gets the raw bytes and gives the repaired ones, of any size and content", async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 31) % 256);
  const repaired = await fix("cat", bytes);
  expect(repaired.ok && Buffer.compare(repaired.data, bytes)).toBe(0);
});

test("the command is told where the record is from, and need not read it", async () => {
  const names =
    "$QUARANTINE_REASON $QUARANTINE_SHARD_ID $QUARANTINE_SEQUENCE_NUMBER:$QUARANTINE_INDEX";
  const repaired = await fix(`printf "${names}"`, new Uint8Array(1_000_000));
  expect(repaired.ok && Buffer.from(repaired.data).toString()).toBe("not_json shardId-0 7:2");
});

test.each([
  ["echo no such field >&2; exit 3", "The fix command ended with exit code 3: no such field"],
  ["kill -9 $$", "The fix command was ended by SIGKILL."],
  ["sleep 5", "The fix command took longer than 2 s."],
  ["sleep 5 & wait", "The fix command took longer than 2 s."],
])("%s is a reason for the record to stay", async (command, detail) => {
  expect(await fix(command)).toEqual({ ok: false, detail });
});

test("a command that prints without end is stopped", async () => {
  expect(await fix("yes", undefined, 100_000)).toEqual({
    ok: false,
    detail: "The fix command printed more than 100000 bytes.",
  });
});
