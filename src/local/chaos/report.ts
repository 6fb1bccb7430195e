import type { RunProgress, RunResult } from "./run.ts";
import { percentile } from "./verdict.ts";

const count = (value: number): string => value.toLocaleString("en-US");

const duration = (ms: number | undefined): string => {
  if (ms === undefined) return "n/a";
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
};

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, one) => total + one, 0);

const ROWS: readonly (readonly [label: string, of: (result: RunResult) => string])[] = [
  ["sent", ({ verdict }) => count(verdict.sent)],
  ["accepted", ({ verdict }) => count(verdict.accepted)],
  ["stored", ({ verdict }) => count(verdict.stored)],
  ["quarantined", ({ verdict }) => count(verdict.quarantined)],
  ["lost", ({ verdict }) => count(verdict.lost.length)],
  ["altered", ({ verdict }) => count(verdict.altered.length)],
  ["duplicated (ours)", ({ verdict }) => count(verdict.copiesOurs)],
  ["duplicated (client resent, no key)", ({ verdict }) => count(verdict.copiesOfClient)],
  ["without a clear answer at some try", ({ verdict }) => count(verdict.resent)],
  ["stored, never acknowledged", ({ verdict }) => count(verdict.unacknowledged)],
  ["kills survived", ({ kills }) => count(sum(kills))],
  ["  ingest", ({ kills }) => count(kills.get("ingest") ?? 0)],
  ["  consumer", ({ kills }) => count(kills.get("consumer") ?? 0)],
  ["  local AWS", ({ kills }) => count(kills.get("local-aws") ?? 0)],
  ["faults injected", ({ faults }) => count(sum(faults))],
  ["reshards", ({ reshards }) => count(reshards)],
  ["time to object p50", ({ verdict }) => duration(percentile(verdict.timesToObject, 50))],
  ["time to object p99", ({ verdict }) => duration(percentile(verdict.timesToObject, 99))],
  ["ledger at the end", ({ ledger }) => ledger.state],
  [
    "  counted as accepted",
    ({ ledger }) => (ledger.counted === undefined ? "n/a" : count(ledger.counted)),
  ],
  ["  surplus in the ledger", ({ ledger }) => count(ledger.unaccounted ?? 0)],
  ["took", ({ seconds }) => duration(seconds * 1000)],
  ["result", ({ isGood }) => (isGood ? "ok" : "FAILED")],
];

/** One column a seed. */
export const renderTable = (results: readonly RunResult[]): string => {
  const cells = [
    ["seed", ...results.map(({ seed }) => String(seed))],
    ...ROWS.map(([label, of]) => [label, ...results.map(of)]),
  ];
  const widths = cells[0]?.map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths?.[column] ?? 0;
          return column === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  "),
    )
    .join("\n");
};

/** What a person has to see besides the table; empty where all was well. */
export const renderTroubles = (result: RunResult): string[] => {
  const { seed, unrest, ledger, unexpectedEnds, stories, isGood, pipeline, verdict } = result;
  const lines: string[] = [];
  if (unrest !== undefined) lines.push(`seed ${seed}: not at rest in time: ${unrest}`);
  if (ledger.state !== "balanced")
    lines.push(`seed ${seed}: the ledger is ${ledger.state}: ${ledger.detail}`);
  if (ledger.counted !== undefined && ledger.counted < verdict.answered)
    lines.push(
      `seed ${seed}: the ledger has forgotten ${verdict.answered - ledger.counted} of ${verdict.answered} logs that were answered as accepted`,
    );
  for (const end of unexpectedEnds) lines.push(`seed ${seed}: ${end}`);
  if (verdict.strangers > 0)
    lines.push(`seed ${seed}: ${verdict.strangers} lines in the bucket were never sent`);
  if (stories.length > 0) lines.push(`seed ${seed}: the first of them, try by try:`, ...stories);
  if (!isGood) lines.push(`seed ${seed}: data, logs and plan are kept in ${pipeline.folder}`);
  return lines;
};

export const renderFaults = ({ faults }: RunResult): string =>
  [...faults]
    .filter(([, hits]) => hits > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, hits]) => `${name} ${hits}`)
    .join(", ");

const DRAW_EVERY_MS = 200;
const SAY_EVERY_MS = 15_000;

/** On a terminal one line that is drawn over; elsewhere a line now and then. */
export const createProgressLine = (out: NodeJS.WriteStream, seed: number, total: number) => {
  let drawnAt = 0;
  return {
    show: ({ phase, sent, accepted, kills, faults, reshards }: RunProgress): void => {
      const now = Date.now();
      if (now - drawnAt < (out.isTTY ? DRAW_EVERY_MS : SAY_EVERY_MS)) return;
      drawnAt = now;
      const text = `seed ${seed}  ${phase}  ${count(sent)} of ${count(total)} sent, ${count(accepted)} accepted  ${kills} kills  ${count(faults)} faults  ${reshards} reshards`;
      out.write(out.isTTY ? `\r\u001b[2K${text}` : `${text}\n`);
    },
    clear: (): void => {
      if (out.isTTY) out.write("\r\u001b[2K");
    },
  };
};
