import type { RecordView } from "../../shared/core/dashboard/streams/record-view.ts";
import { isAfter, type Line, linesOf, type MissingRange, type Skip } from "./line.ts";

type RecordsPage = { records: RecordView[]; nextCursor: string | null; millisBehindLatest: number };

const DEADLINE_MS = 10_000;
const PAGE = 200;
/** Pages and lines that one click loads. */
const MAX_PAGES = 40;
const MAX_LINES = 10_000;

const api = (stream: string, query: Record<string, string>): string =>
  `/api/kinesis/stream/${encodeURIComponent(stream)}/records?${new URLSearchParams(query)}`;

/** Asks for records; the words of a problem are thrown as they are. */
export const fetchRecords = async (
  stream: string,
  query: Record<string, string>,
): Promise<RecordsPage> => {
  const answer = await fetch(api(stream, { decode: "lines", ...query }), {
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const body = (await answer.json()) as RecordsPage & { detail?: string };
  if (!answer.ok) throw new Error(body.detail ?? `The dashboard answered ${answer.status}.`);
  return body;
};

type Loaded = { lines: Line[]; rest: MissingRange | undefined };

const loadRange = async (stream: string, range: MissingRange, most: number): Promise<Loaded> => {
  const { shard, after, until } = range;
  if (after === null) throw new Error("Where they begin is not known.");
  const lines: Line[] = [];
  // AT, not AFTER: some lines of that record may be missing, too.
  let query: Record<string, string> = { position: "AT_SEQUENCE_NUMBER", sequence: after.seq };
  for (let page = 0; page < MAX_PAGES && lines.length < most; page += 1) {
    const read = await fetchRecords(stream, { shard, limit: String(PAGE), ...query });
    for (const record of read.records)
      for (const line of linesOf(record)) {
        if (until !== null && isAfter(line, until)) return { lines, rest: undefined };
        if (isAfter(line, after)) lines.push(line);
      }
    const isEnd = read.nextCursor === null || read.millisBehindLatest === 0;
    if (isEnd) return { lines, rest: undefined };
    query = { cursor: read.nextCursor ?? "" };
  }
  const last = lines.at(-1);
  return { lines, rest: last ? { shard, after: last, until } : range };
};

/** Reads what is missing; very much of it is read in parts, the rest staying a gap. */
export const loadMissing = async (
  stream: string,
  skip: Skip,
): Promise<{ lines: Line[]; rest: MissingRange[] }> => {
  const lines: Line[] = [];
  const rest: MissingRange[] = [];
  for (const range of skip.ranges) {
    if (lines.length >= MAX_LINES) rest.push(range);
    else {
      const loaded = await loadRange(stream, range, MAX_LINES - lines.length);
      lines.push(...loaded.lines);
      if (loaded.rest) rest.push(loaded.rest);
    }
  }
  // Those of one shard keep their order.
  lines.sort((a, b) => (a.arrival < b.arrival ? -1 : a.arrival > b.arrival ? 1 : 0));
  return { lines, rest };
};
