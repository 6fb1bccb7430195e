import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { HELP, parseCommand, UsageError } from "./arguments.ts";

const NOW_MS = Date.UTC(2025, 10, 14, 12);
const parse = (...args: string[]) => parseCommand(args, NOW_MS);

test("filters choose records; times are UTC, or as long ago", () => {
  expect(
    parse(
      ...["replay", "--reason", "not_json", "--reason", "empty", "--since", "2h"],
      ...["--until", "2025-11-14T11:30Z", "--stream", "s", "--shard", "shardId-0"],
      ...["--id", "49590:2", "--limit", "7", "--fix", "jq -c .", "--dry-run"],
    ),
  ).toMatchObject({
    name: "replay",
    selection: {
      reasons: ["not_json", "empty"],
      sinceMs: Date.UTC(2025, 10, 14, 10),
      untilMs: Date.UTC(2025, 10, 14, 11, 30),
      stream: "s",
      shardId: "shardId-0",
      id: { sequenceNumber: "49590", index: 2 },
    },
    limit: 7,
    fix: "jq -c .",
    isDryRun: true,
    again: false,
  });
  expect(parse("list", "--since", "2025-11-14")?.selection.sinceMs).toBe(Date.UTC(2025, 10, 14));
  expect(parse("show", "--bytes", "0")?.maxBytes).toBe(1e9);
  expect(parse("show")?.maxBytes).toBe(1024);
});

test.each([
  [[], /list, show or replay/],
  [["delete"], /no command delete/],
  [["replay"], /--all/],
  [["replay", "--limit", "3"], /--all/],
  [["replay", "--all", "--fix", "jq", "."], /quotes/],
  [["list", "--raw"], /--raw goes with show/],
  [["show", "--fix", "x"], /--fix goes with replay/],
  [["show", "--raw", "--json"], /together/],
  [["show", "--limit", "0"], /--limit takes a whole number/],
  [["list", "--since", "yesterday"], /--since takes a time/],
  [["list", "--reason", "../x"], /--reason takes a code/],
  [["show", "--id", "12"], /--id takes/],
  [["list", "--nope"], /--nope/],
])("%j is refused with what to change", (args, message) => {
  expect(() => parse(...args)).toThrow(UsageError);
  expect(() => parse(...args)).toThrow(message);
});

test("help fits 80 columns and names every option", () => {
  expect(parse("--help")).toBeUndefined();
  for (const row of HELP.split("\n")) expect(row.length).toBeLessThanOrEqual(80);
  const source = readFileSync(new URL("arguments.ts", import.meta.url), "utf8");
  const options = [...source.matchAll(/^ {2}"?([a-z-]+)"?: \{ type:/gm)].map(([, name]) => name);
  expect(options.length).toBeGreaterThan(15);
  for (const option of options) if (option !== "help") expect(HELP).toContain(`--${option}`);
});
