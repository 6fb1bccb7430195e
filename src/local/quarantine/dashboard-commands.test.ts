import { expect, test } from "vitest";
import {
  replayRecordCommand,
  replaySelectionCommands,
} from "../../shared/core/dashboard/quarantine/replay-command.ts";
import { parseCommand } from "./arguments.ts";

const wordsOf = (command: string): string[] =>
  command.replace(/^npm run quarantine -- /, "").split(" ");

test("the commands that the dashboard shows mean the records that it shows", () => {
  const at = Date.parse("2026-11-22T10:00:00.250Z");
  const selection = {
    buckets: ["md-raw-logs", "md-raw-apm"],
    reason: "not_json",
    sinceMs: at,
    untilMs: at + 60_000,
    stream: "stage01-logs-stream",
    shardId: "shardId-000000000003",
  };
  const commands = replaySelectionCommands(selection).map((text) =>
    parseCommand(wordsOf(text), at),
  );
  expect(commands).toMatchObject(
    selection.buckets.map((bucket) => ({
      name: "replay",
      bucket,
      selection: {
        reasons: ["not_json"],
        sinceMs: at,
        untilMs: at + 60_000,
        stream: selection.stream,
        shardId: selection.shardId,
      },
    })),
  );
  expect(replaySelectionCommands({ buckets: ["b1b"] })).toEqual([
    "npm run quarantine -- replay --all --bucket b1b",
  ]);
  const entry = { stream: "s", shardId: "shardId-1", sequenceNumber: "49", index: 2 };
  const command = parseCommand(wordsOf(replayRecordCommand({ bucket: "md-raw-apm" }, entry)), at);
  expect(command).toMatchObject({
    bucket: "md-raw-apm",
    selection: { stream: "s", shardId: "shardId-1", id: { sequenceNumber: "49", index: 2 } },
  });
});
