import type { Child, FC } from "hono/jsx";
import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import {
  formatBytes,
  formatDuration,
  showInvisible,
} from "../../../shared/core/dashboard/format.ts";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import type { RecordsRead } from "../../../shared/core/dashboard/streams/read-records.ts";
import type { RecordView } from "../../../shared/core/dashboard/streams/record-view.ts";
import { Failure, Section, Table } from "../components.tsx";
import { QueryError } from "../query.ts";
import type { StreamsDeps } from "./deps.ts";
import { Sequence, ShardName } from "./figures.tsx";
import { recordLink, recordsApiLink, shortShard, tabLink } from "./links.ts";
import { type Position, parseRecordsQuery } from "./query.ts";
import { recordPage } from "./record-page.tsx";
import type { TabBody } from "./tabs.tsx";
import { FirstRecord } from "./teach.tsx";

type Query = Readonly<Record<string, string>>;

const LIMIT = 50;
const DEADLINE_MS = 8_000;
const PREVIEW = 240;

const PLACES: readonly (readonly [Position, string])[] = [
  ["NEWEST", "Newest"],
  ["TRIM_HORIZON", "Oldest (TRIM_HORIZON)"],
  ["LATEST", "From now on (LATEST)"],
  ["AT_TIMESTAMP", "At a time"],
  ["AT_SEQUENCE_NUMBER", "At a sequence number"],
  ["AFTER_SEQUENCE_NUMBER", "After a sequence number"],
];

const SeekForm: FC<{ stream: StreamDetail; query: Query }> = ({ stream, query }) => (
  <form class="bar" action={`/streams/${encodeURIComponent(stream.description.name)}`}>
    <input type="hidden" name="tab" value="records" />
    <label>
      Shard{" "}
      <select name="shard">
        <option value="">all</option>
        {stream.shards.items.map(({ shardId }) => (
          <option value={shardId} selected={query.shard === shardId}>
            {shortShard(shardId)}
          </option>
        ))}
      </select>
    </label>
    <label>
      From{" "}
      <select name="position">
        {PLACES.map(([value, label]) => (
          <option value={value} selected={query.position === value}>
            {label}
          </option>
        ))}
      </select>
    </label>
    <label class="seek-time">
      Time{" "}
      <input name="timestamp" value={query.timestamp ?? ""} placeholder="2026-11-22T10:00:00Z" />
    </label>
    <label class="seek-sequence">
      Sequence number{" "}
      <input name="sequence" value={query.sequence ?? ""} inputmode="numeric" placeholder="496…" />
    </label>
    <label>
      Show{" "}
      <select name="limit">
        {["25", "50", "100", "250", "500"].map((limit) => (
          <option value={limit} selected={(query.limit ?? String(LIMIT)) === limit}>
            {limit}
          </option>
        ))}
      </select>
    </label>
    <input
      type="search"
      name="q"
      value={query.q ?? ""}
      placeholder="Only records with …"
      aria-label="Only records with this text"
    />
    <button type="submit" class="button">
      Read
    </button>
  </form>
);

const textsOf = ({ raw, lines = [] }: RecordView): string[] =>
  lines.length > 0 ? lines.map((line) => line.raw) : [raw ?? ""];

const preview = (text: string): string =>
  showInvisible(text.length > PREVIEW ? `${text.slice(0, PREVIEW)}…` : text);

const Preview: FC<{ record: RecordView }> = ({ record }) => {
  const [first] = record.lines ?? [];
  const more = (record.lineCount ?? 1) - 1;
  return (
    <span class="preview">
      {more > 0 ? <b class="chip">{more + 1} logs</b> : null}
      {first?.reason ? <b class="chip tone-warn">{first.reason}</b> : null}
      {first?.encoding === "base64" ? <b class="chip">base64</b> : null}
      <code>{preview(first?.raw ?? record.raw ?? "")}</code>
    </span>
  );
};

const RecordTable: FC<{ stream: string; records: readonly RecordView[]; empty: Child }> = ({
  stream,
  records,
  empty,
}) => (
  <div class="records">
    <Table
      caption="Records, oldest first"
      columns={[
        { label: "Arrived" },
        { label: "Shard", isNumber: true },
        { label: "Sequence" },
        { label: "Key" },
        { label: "Bytes", isNumber: true },
        { label: "Raw" },
      ]}
      rows={records.map((record) => ({
        cells: [
          <time class="mono" datetime={record.arrival} data-exact>
            {record.arrival.replace("T", " ")}
          </time>,
          <ShardName id={record.shard} />,
          <a class="link" href={recordLink(stream, record.shard, record.seq)}>
            <Sequence seq={record.seq} />
          </a>,
          <span class="mono key" title={showInvisible(record.partitionKey)}>
            {showInvisible(record.partitionKey)}
          </span>,
          <span title={`${record.bytes} bytes`}>{formatBytes(record.bytes)}</span>,
          <Preview record={record} />,
        ],
      }))}
      empty={empty}
    />
  </div>
);

const howFar = ({ millisBehindLatest, notRead, shards }: RecordsRead): string => {
  const end =
    millisBehindLatest === null
      ? "no shard was read"
      : millisBehindLatest === 0
        ? "up to the end of the stream"
        : `${formatDuration(millisBehindLatest)} before the end of the stream`;
  const rest = notRead.length > 0 ? `; ${notRead.length} more shards come with the next page` : "";
  return `${shards.length} ${shards.length === 1 ? "shard" : "shards"} read, ${end}${rest}`;
};

const Found: FC<{ deps: StreamsDeps; stream: string; query: Query; read: RecordsRead }> = ({
  deps,
  stream,
  query,
  read,
}) => {
  const q = query.q ?? "";
  const shown = q
    ? read.records.filter((record) => textsOf(record).some((text) => text.includes(q)))
    : read.records;
  const { tab: _tab, refresh: _refresh, ...place } = query;
  const count = q
    ? `${shown.length} of ${read.records.length} records hold “${showInvisible(q)}”`
    : `${shown.length} ${shown.length === 1 ? "record" : "records"}`;
  return (
    <Section title={count} note={howFar(read)}>
      <RecordTable
        stream={stream}
        records={shown}
        empty={
          q ? (
            "None of these records holds the text. Read on, or seek elsewhere."
          ) : (
            <>
              No record here.{" "}
              <a class="link" href={tabLink(stream, "records", { position: "TRIM_HORIZON" })}>
                Read from the oldest
              </a>
              <FirstRecord ingestUrl={deps.ingestUrl} />
            </>
          )
        }
      />
      <p class="pager">
        {read.nextCursor === null ? (
          "Every shard is closed and read to its end."
        ) : (
          <a
            class="button"
            href={tabLink(stream, "records", { ...place, cursor: read.nextCursor })}
          >
            Newer records
          </a>
        )}
        <a class="link" href={recordsApiLink(stream, { ...place, q: undefined })}>
          As JSON
        </a>
        <a class="link" href={tabLink(stream, "live", { shard: query.shard })}>
          Follow live
        </a>
      </p>
    </Section>
  );
};

/** Seek to any place and read: a page of records, or with `seq` one of them. */
export const recordsTab = async (
  deps: StreamsDeps,
  stream: StreamDetail,
  query: Query,
): Promise<TabBody> => {
  const { name } = stream.description;
  const { streams } = deps;
  const form = <SeekForm stream={stream} query={query} />;
  const fail = (message: string): TabBody => ({
    body: (
      <>
        {form}
        <Failure message={message} />
      </>
    ),
    isStill: true,
  });
  if (!streams) return fail("This dashboard is not set up to read records.");
  try {
    if (query.seq) return await recordPage(streams, name, query);
    const request = parseRecordsQuery(name, query, { position: "NEWEST", limit: LIMIT });
    const read = await attempt(() =>
      streams.records.read(
        { ...request, view: { maxRawBytes: 64 * 1024, withLines: true } },
        AbortSignal.timeout(DEADLINE_MS),
      ),
    );
    if (!read.ok) return fail(read.error.message);
    if (read.value === undefined) return fail("The stream does not exist any more.");
    if ("unknownShard" in read.value)
      return fail(`The stream has no shard ${showInvisible(read.value.unknownShard)}.`);
    if ("refused" in read.value)
      return fail(
        `Kinesis knows no record ${showInvisible(read.value.refused)} here: it is of another shard, or past the retention.`,
      );
    const isMoving = request.start.type === "NEWEST";
    return {
      body: (
        <>
          {form}
          <Found deps={deps} stream={name} query={query} read={read.value} />
        </>
      ),
      isStill: !isMoving,
    };
  } catch (error) {
    if (error instanceof QueryError) return fail(error.message);
    throw error;
  }
};
