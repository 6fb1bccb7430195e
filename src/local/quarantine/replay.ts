import type { QuarantineStore } from "../../shared/core/ports.ts";
import { entryId, type Selection, type StoredEntry } from "../../shared/core/quarantine-entry.ts";
import type { Replay, ReplayOutcome, ReplayRequest } from "../../shared/core/replay.ts";
import { listObjects, readObjects } from "./read.ts";
import { escapeControls, wrapWords } from "./text.ts";

export type ReplayTotals = {
  chosen: number;
  replayed: number;
  /** With a dry run: would be. */
  logs: number;
  already: number;
  /** Still no log; they stay in quarantine. */
  kept: number;
};

/** What a run came to: `stopped` is why it did not get to the end. */
export type ReplayRun = { totals: ReplayTotals; stopped: Error | undefined };

const MAX_IN_FLIGHT = 16;
/** Base64 of the records in flight, which may be 64 MiB each. */
const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;

const toError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

/**
 * Replays the selected records, the oldest hour first, several at a time. The first failure of
 * storage ends the run, after what is under way; a record that is no log does not.
 */
export const replaySelected = async (
  store: QuarantineStore,
  replay: Replay,
  { selection, limit }: { selection: Selection; limit: number | undefined },
  request: ReplayRequest,
  onOutcome: (entry: StoredEntry, outcome: ReplayOutcome) => void,
): Promise<ReplayRun> => {
  const totals: ReplayTotals = { chosen: 0, replayed: 0, logs: 0, already: 0, kept: 0 };
  const inFlight = new Set<Promise<void>>();
  let bytesInFlight = 0;
  let stopped: Error | undefined;

  // What was replayed before does not count, or a limit would never get past it.
  const isEnough = (): boolean => limit !== undefined && totals.chosen - totals.already >= limit;

  const run = async (entry: StoredEntry): Promise<void> => {
    bytesInFlight += entry.data.length;
    try {
      const outcome = await replay(entry, request);
      if (outcome.status === "replayed" || outcome.status === "planned") {
        totals.replayed += 1;
        totals.logs += outcome.lines;
      } else totals[outcome.status] += 1;
      onOutcome(entry, outcome);
    } catch (error) {
      stopped ??= toError(error);
    } finally {
      bytesInFlight -= entry.data.length;
    }
  };

  const runAll = async (): Promise<void> => {
    const keys = (await listObjects(store, selection)).map(({ key }) => key);
    for await (const { found } of readObjects(store, selection, keys))
      for (const { entry } of found) {
        while (isEnough() && inFlight.size > 0) await Promise.race(inFlight);
        if (stopped !== undefined || isEnough()) return;
        totals.chosen += 1;
        const running = run(entry).finally(() => inFlight.delete(running));
        inFlight.add(running);
        while (inFlight.size >= MAX_IN_FLIGHT || bytesInFlight > MAX_BYTES_IN_FLIGHT)
          await Promise.race(inFlight);
      }
  };

  try {
    await runAll();
  } catch (error) {
    stopped ??= toError(error);
  }
  await Promise.all(inFlight);
  return { totals, stopped };
};

const COLUMNS = 80;

const count = (value: number, noun: string): string =>
  `${value.toLocaleString("en-US")} ${noun}${value === 1 ? "" : "s"}`;

const indented = (text: string): string[] =>
  wrapWords(escapeControls(text), COLUMNS - 4).map((row) => `    ${row}`);

/** What a person wants to know of one record; nothing where all went well. */
export const describeOutcome = (entry: StoredEntry, outcome: ReplayOutcome): string[] => {
  if (outcome.status === "kept")
    return [
      `stays: ${entry.reason} ${entryId(entry)}`,
      ...indented(
        outcome.reason === entry.reason ? outcome.detail : `${outcome.reason}: ${outcome.detail}`,
      ),
    ];
  if (outcome.status !== "planned") return [];
  return [
    `${entry.reason} ${entryId(entry)}`,
    ...indented(`would store ${count(outcome.lines, "log")}`),
    ...outcome.keys.flatMap(indented),
  ];
};

export const outcomeJson = (entry: StoredEntry, outcome: ReplayOutcome): string => {
  const { reason, stream, shardId, sequenceNumber, index } = entry;
  return JSON.stringify({ stream, shardId, sequenceNumber, index, reason, ...outcome });
};

/** One line for the end of a run. */
export const describeTotals = (totals: ReplayTotals, isDryRun: boolean): string => {
  const { replayed, logs, already, kept } = totals;
  const done = isDryRun ? "Would replay" : "Replayed";
  return [
    `${done} ${count(replayed, "record")} (${count(logs, "log")})`,
    ...(already > 0 ? [`${already.toLocaleString("en-US")} replayed before`] : []),
    ...(kept > 0 ? [`${kept.toLocaleString("en-US")} stay in quarantine`] : []),
  ].join(", ");
};
