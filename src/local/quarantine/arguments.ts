import { parseArgs } from "node:util";
import { parseTime } from "../../shared/core/event-time.ts";
import type { Selection } from "../../shared/core/quarantine-entry.ts";

export const HELP = `Look at what could not be read as a log, and replay what can be by now.

  npm run quarantine -- list              how many, by reason, day and shard
  npm run quarantine -- show              the newest records, decoded safely
  npm run quarantine -- replay --all      read them again, store what is a log

Which records (all commands)
  --reason CODE       such as not_json; may be given several times
  --since, --until T  arrival: 2025-11-14T01:00Z, 2025-11-14, or 2h, 3d ago
  --stream NAME       --shard ID
  --id SEQ:INDEX      one record, as show prints it
  --limit N           list: rows; show: records (20); replay: records that
                      were not replayed before, the oldest hour first
  --bucket NAME       default TARGET_BUCKET (md-raw-logs)
  --endpoint URL      default AWS_ENDPOINT_URL; with STAGE=local and neither
                      set, the local AWS at http://127.0.0.1:4566
  --json              one JSON document (list), one a line (show, replay)

show
  --bytes N           of each record at most; 0 for all (1024)
  --raw               the raw bytes and nothing else; for a file or a pipe

replay
  --fix 'COMMAND'     gets the raw bytes on stdin and prints the repaired
                      record; a failure leaves the record where it is. Reason,
                      stream, shard, sequence number and index are in the
                      environment: QUARANTINE_REASON, QUARANTINE_STREAM, …
  --fix-timeout S     seconds for one record (30)
  --all               needed where nothing else says which records
  --again             also those replayed before: the new result takes the
                      place of the old
  --dry-run           says what would be written where, and writes nothing

Exactly once: a record's parts have names made of its stream, shard, sequence
number and index. Replayed twice, in any order or selection, or killed half-way
and started again, it is stored once. What stays no log stays in quarantine and
is named. docs/quarantine.md says what this does not cover.

Exit code 0: done; 1: some records stay, or storage did not answer; 2: usage.`;

export type Command = {
  readonly name: "list" | "show" | "replay";
  readonly selection: Selection;
  readonly limit: number | undefined;
  readonly bucket: string | undefined;
  readonly endpoint: string | undefined;
  readonly isJson: boolean;
  readonly isRaw: boolean;
  /** Bytes shown of each record. */
  readonly maxBytes: number;
  readonly fix: string | undefined;
  readonly fixTimeoutMs: number;
  readonly again: boolean;
  readonly isDryRun: boolean;
};

/** Wrong usage: the message says what to change. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const OPTIONS = {
  reason: { type: "string", multiple: true },
  since: { type: "string" },
  until: { type: "string" },
  stream: { type: "string" },
  shard: { type: "string" },
  id: { type: "string" },
  limit: { type: "string" },
  bucket: { type: "string" },
  endpoint: { type: "string" },
  json: { type: "boolean" },
  bytes: { type: "string" },
  raw: { type: "boolean" },
  fix: { type: "string" },
  "fix-timeout": { type: "string" },
  all: { type: "boolean" },
  again: { type: "boolean" },
  "dry-run": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

const ONLY: Readonly<Record<string, Command["name"]>> = {
  bytes: "show",
  raw: "show",
  fix: "replay",
  "fix-timeout": "replay",
  all: "replay",
  again: "replay",
  "dry-run": "replay",
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

const SPAN_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const timeOf = (option: string, text: string | undefined, nowMs: number): number | undefined => {
  if (text === undefined) return undefined;
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = count === undefined ? parseTime(text) : nowMs - Number(count) * (SPAN_MS[unit] ?? 0);
  if (ms === undefined)
    throw new UsageError(
      `--${option} takes a time such as 2025-11-14T01:00Z or 2025-11-14 (UTC), or 2h or 3d for as long ago; not ${text}.`,
    );
  return ms;
};

const countOf = (
  option: string,
  text: string | undefined,
  { min, max }: { min: number; max: number },
): number | undefined => {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!Number.isInteger(count) || count < min || count > max)
    throw new UsageError(`--${option} takes a whole number from ${min} to ${max}, not ${text}.`);
  return count;
};

const idOf = (text: string | undefined): Selection["id"] => {
  if (text === undefined) return undefined;
  const [, sequenceNumber, index] = /^(\d{1,128}):(\d{1,9})$/.exec(text) ?? [];
  if (sequenceNumber === undefined)
    throw new UsageError(`--id takes <sequence number>:<index> as show prints it, not ${text}.`);
  return { sequenceNumber, index: Number(index) };
};

const REASON = /^[a-z0-9_]{1,64}$/;

/** Reads the command line; undefined when help is asked for. Throws a UsageError. */
export const parseCommand = (args: readonly string[], nowMs: number): Command | undefined => {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [name, ...others] = positionals;
  if (name !== "list" && name !== "show" && name !== "replay")
    throw new UsageError(
      name === undefined ? "Which one: list, show or replay?" : `There is no command ${name}.`,
    );
  if (others.length > 0)
    throw new UsageError(`${others[0]} is one word too many. Does --fix need quotes around it?`);
  for (const option of Object.keys(values))
    if (ONLY[option] !== undefined && ONLY[option] !== name)
      throw new UsageError(`--${option} goes with ${ONLY[option]}, not with ${name}.`);
  for (const reason of values.reason ?? [])
    if (!REASON.test(reason))
      throw new UsageError(`--reason takes a code such as not_json, not ${reason}.`);

  const selection: Selection = {
    reasons: values.reason,
    sinceMs: timeOf("since", values.since, nowMs),
    untilMs: timeOf("until", values.until, nowMs),
    stream: values.stream,
    shardId: values.shard,
    id: idOf(values.id),
  };
  const isEverything = Object.values(selection).every((value) => value === undefined);
  if (name === "replay" && isEverything && !values.all)
    throw new UsageError("Replay which records? Say --reason, --since, --id, …, or --all.");
  if (values.raw && values.json) throw new UsageError("--raw and --json do not go together.");
  return {
    name,
    selection,
    limit: countOf("limit", values.limit, { min: 1, max: name === "show" ? 10_000 : 1e9 }),
    bucket: values.bucket,
    endpoint: values.endpoint,
    isJson: values.json ?? false,
    isRaw: values.raw ?? false,
    maxBytes: (countOf("bytes", values.bytes, { min: 0, max: 1e9 }) ?? 1024) || 1e9,
    fix: values.fix,
    fixTimeoutMs:
      1_000 * (countOf("fix-timeout", values["fix-timeout"], { min: 1, max: 3600 }) ?? 30),
    again: values.again ?? false,
    isDryRun: values["dry-run"] ?? false,
  };
};
