import type { Child, FC } from "hono/jsx";
import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import { mapBounded } from "../../../shared/core/dashboard/bounded.ts";
import type { StreamRow } from "../../../shared/core/dashboard/reader.ts";
import type { ShardLag } from "../../../shared/core/dashboard/streams/consumers.ts";
import type { Known } from "../../../shared/core/dashboard/streams/known.ts";
import type { ShardRate } from "../../../shared/core/dashboard/streams/shard-rates.ts";
import { Count, Section, Shape, Table, Unknown } from "../components.tsx";
import { streamLink } from "../links.ts";
import { TrendMark } from "../overview/tiles.tsx";
import { StreamStatus } from "../tables.tsx";
import { isHot, type StreamsData, totalRate, worstLag } from "./data.ts";
import type { StreamsDeps } from "./deps.ts";
import { Lag, RateFigure } from "./figures.tsx";
import { tabLink } from "./links.ts";
import { FirstRecord } from "./teach.tsx";

type Figures = { rate: Known<ShardRate>; lag: Known<ShardLag> };
type Listed = { row: StreamRow; figures: Figures };

const SORTS = {
  name: "Name",
  lag: "Most behind",
  in: "Most in",
  shards: "Most shards",
} as const;

type Sort = keyof typeof SORTS;
type Query = Readonly<Record<string, string>>;

/** Each costs calls; more streams than these are listed without. */
const MAX_FIGURES = 20;
const FAN_OUT = 4;

const without = (reason: string): Figures => ({
  rate: { value: null, reason },
  lag: { value: null, reason },
});

const streamOf = (row: StreamRow) => (row.ok ? row.value : undefined);

const figuresOf = async (
  { reader }: StreamsDeps,
  data: StreamsData,
  row: StreamRow,
): Promise<Figures> => {
  if (!row.ok) return without(row.error.message);
  const detail = await attempt(() => reader.stream(row.name));
  if (!detail.ok) return without(detail.error.message);
  if (detail.value === undefined) return without("The stream does not exist.");
  const [lags, rates] = await Promise.all([data.lags(detail.value), data.rates(detail.value)]);
  return { rate: totalRate(rates), lag: worstLag(lags) };
};

const rank = (sort: Sort, { row, figures }: Listed): number => {
  if (sort === "lag") return figures.lag.value?.millisBehind.value ?? -1;
  if (sort === "in") return figures.rate.value?.recordsPerSecond ?? -1;
  return streamOf(row)?.openShardCount ?? -1;
};

const sorted = (listed: readonly Listed[], sort: Sort): Listed[] =>
  [...listed].sort((a, b) => {
    const byName = a.row.name < b.row.name ? -1 : 1;
    return sort === "name" ? byName : rank(sort, b) - rank(sort, a) || byName;
  });

const Options: FC<{ values: Readonly<Record<string, string>>; selected: string }> = ({
  values,
  selected,
}) => (
  <>
    {Object.entries(values).map(([value, label]) => (
      <option value={value} selected={value === selected}>
        {label}
      </option>
    ))}
  </>
);

const Filter: FC<{ q: string; status: string; sort: Sort; statuses: readonly string[] }> = ({
  q,
  status,
  sort,
  statuses,
}) => (
  <form class="bar" action="/streams">
    <input type="search" name="q" value={q} placeholder="Name holds …" aria-label="Name holds" />
    <label>
      Status{" "}
      <select name="status">
        <Options
          values={{
            "": "any",
            ...Object.fromEntries(statuses.map((name) => [name, name.toLowerCase()])),
          }}
          selected={status}
        />
      </select>
    </label>
    <label>
      Sort{" "}
      <select name="sort">
        <Options values={SORTS} selected={sort} />
      </select>
    </label>
    <button type="submit" class="button">
      Show
    </button>
  </form>
);

const cellsOf = ({ row, figures: { rate, lag } }: Listed): Child[] => {
  const stream = streamOf(row);
  const reason = row.ok ? "The stream does not exist." : row.error.message;
  const records: Known<number> = rate.value
    ? { value: rate.value.recordsPerSecond, reason: null }
    : rate;
  return [
    <a class="mono" href={streamLink(row.name)}>
      {row.name}
    </a>,
    stream ? <StreamStatus status={stream.status} /> : <Unknown reason={reason} />,
    <Count value={stream?.openShardCount} reason={reason} />,
    stream ? `${stream.retentionHours} h` : <Unknown reason={reason} />,
    <>
      {rate.value && isHot(rate.value) ? (
        <span class="tone-warn">
          <Shape name="warn" /> hot{" "}
        </span>
      ) : null}
      <RateFigure rate={records} />
    </>,
    <>
      <TrendMark trend={lag.value?.trend.value ?? null} />{" "}
      <Lag millisBehind={lag.value ? lag.value.millisBehind : lag} />
    </>,
    <a class="link" href={tabLink(row.name, "live")}>
      Live<span class="hidden"> tail of {row.name}</span>
    </a>,
  ];
};

/** Every stream, with what comes in and how far its consumer is; filtered and sorted by a form. */
export const listPage = async (
  deps: StreamsDeps,
  data: StreamsData,
  query: Query,
): Promise<Child> => {
  const { items, isComplete } = await deps.reader.streams();
  const q = query.q ?? "";
  const status = query.status ?? "";
  const sort: Sort =
    query.sort !== undefined && query.sort in SORTS ? (query.sort as Sort) : "name";
  const matching = items.filter(
    (row) =>
      row.name.toLowerCase().includes(q.toLowerCase()) &&
      (status === "" || streamOf(row)?.status === status),
  );
  const listed = await mapBounded(matching, FAN_OUT, async (row, index) => ({
    row,
    figures:
      index < MAX_FIGURES
        ? await figuresOf(deps, data, row)
        : without(`Only ${MAX_FIGURES} streams are measured at once. Filter by name.`),
  }));
  const statuses = [...new Set(items.flatMap((row) => streamOf(row)?.status ?? []))].sort();
  const rows = sorted(listed, sort).map((entry) => ({
    ...(streamOf(entry.row) ? {} : { tone: "error" as const }),
    cells: cellsOf(entry),
  }));
  const isFiltered = q !== "" || status !== "";
  return (
    <>
      <div class="page-head">
        <h1>Streams</h1>
      </div>
      <Filter q={q} status={status} sort={sort} statuses={statuses} />
      <Section
        title={isFiltered ? `${matching.length} of ${items.length} streams` : "All streams"}
        note={isComplete ? undefined : "There are more than are listed here."}
      >
        <Table
          caption="Streams"
          columns={[
            { label: "Name" },
            { label: "Status" },
            { label: "Open shards", isNumber: true },
            { label: "Retention", isNumber: true },
            { label: "Records in/s", isNumber: true },
            { label: "Behind", isNumber: true },
            { label: "", isNumber: true },
          ]}
          rows={rows}
          empty={
            isFiltered ? (
              <>
                No stream is like this.{" "}
                <a class="link" href="/streams">
                  Show all
                </a>
              </>
            ) : (
              <>
                There is no stream yet. Make one, then send a log.
                <pre>
                  aws kinesis create-stream --stream-name stage01-logs-stream --shard-count 2
                </pre>
              </>
            )
          }
        />
      </Section>
      {items.length === 0 ? <FirstRecord ingestUrl={deps.ingestUrl} /> : null}
    </>
  );
};
