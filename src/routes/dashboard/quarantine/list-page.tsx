import type { FC } from "hono/jsx";
import type { Attempt } from "../../../shared/core/dashboard/backend-error.ts";
import { formatCount, showInvisible } from "../../../shared/core/dashboard/format.ts";
import type {
  QuarantinePage,
  ReasonCounts,
} from "../../../shared/core/dashboard/quarantine/reader.ts";
import { describeReason, knownReasons } from "../../../shared/core/dashboard/quarantine/reasons.ts";
import type {
  QuarantineRecord,
  QuarantineSelection,
} from "../../../shared/core/dashboard/quarantine/records.ts";
import { replaySelectionCommands } from "../../../shared/core/dashboard/quarantine/replay-command.ts";
import { Ago, Bytes, Failure, Section, Shape, Table } from "../components.tsx";
import { Command } from "./command.tsx";
import { Coverage } from "./coverage.tsx";
import { quarantineLink, recordLink } from "./links.ts";
import type { QuarantineQuery } from "./query.ts";
import { hourText } from "./schema.ts";

export type QuarantineListProps = {
  query: QuarantineQuery;
  buckets: readonly string[];
  selection: QuarantineSelection;
  counts: Attempt<ReasonCounts>;
  page: Attempt<QuarantinePage>;
  now: number;
};

const TRY_IT = `node scripts/run.mjs probe put --log '"this is no log"'`;

const Filter: FC<
  Pick<QuarantineListProps, "query" | "buckets"> & { reasons: readonly string[] }
> = ({ query, buckets, reasons }) => (
  <search>
    <form class="filters" method="get" aria-label="Filter the quarantine">
      <label>
        Bucket
        <select name="bucket">
          <option value="">all</option>
          {buckets.map((bucket) => (
            <option value={bucket} selected={bucket === query.bucket}>
              {bucket}
            </option>
          ))}
        </select>
      </label>
      <label>
        Reason
        <select name="reason">
          <option value="">any</option>
          {reasons.map((reason) => (
            <option value={reason} selected={reason === query.reason}>
              {reason}
            </option>
          ))}
        </select>
      </label>
      {(
        [
          ["from", "Arrived from", "-3d, or 2026-11-22T10:00Z"],
          ["to", "to", "now"],
          ["stream", "Stream", "any"],
          ["shard", "Shard", "any"],
        ] as const
      ).map(([name, label, placeholder]) => (
        <label>
          {label}
          <input
            name={name}
            value={query[name] ?? ""}
            placeholder={placeholder}
            autocomplete="off"
            spellcheck={false}
          />
        </label>
      ))}
      <button class="button" type="submit">
        Show
      </button>
      <a class="link" href="/quarantine">
        Clear
      </a>
    </form>
  </search>
);

const Reasons: FC<Pick<QuarantineListProps, "query" | "now"> & { counts: ReasonCounts }> = ({
  query,
  counts: { reasons, coverage },
  now,
}) => {
  const isComplete = coverage.stoppedBy === "end" && coverage.areHoursWhole;
  const { cursor: _, ...kept } = query;
  return (
    <>
      <Table
        caption="Records by reason"
        columns={[
          { label: "Reason" },
          { label: "Bucket" },
          { label: "Records", isNumber: true },
          { label: "Newest", isNumber: true },
          { label: "What came" },
          { label: "What helps" },
        ]}
        rows={reasons.map(({ bucket, reason, records, newest }) => {
          const { came, helps } = describeReason(reason);
          return {
            cells: [
              <a class="mono reason" href={quarantineLink({ ...kept, bucket, reason })}>
                <Shape name="warn" /> {reason}
              </a>,
              <span class="mono">{bucket}</span>,
              formatCount(records, isComplete),
              <Ago time={newest} now={now} reason="" />,
              <span class="wrap">{came}</span>,
              <span class="wrap">{helps}</span>,
            ],
          };
        })}
        empty="No record is counted here."
      />
      <p class="pager" role="note">
        <Coverage coverage={coverage} />
        {isComplete || coverage.backTo === undefined ? null : (
          <a
            class="button"
            href={quarantineLink({ ...kept, to: hourText(coverage.backTo) })}
            title="Counts again from where this count ended"
          >
            Count further back
          </a>
        )}
      </p>
    </>
  );
};

const decoder = new TextDecoder();

/** `shardId-000000000002` as `2`: the rest is the same everywhere. */
const shortShard = (shardId: string): string => /^shardId-0*(\d+)$/.exec(shardId)?.[1] ?? shardId;

const rowOf = (record: QuarantineRecord, now: number) => {
  const { reason, stream, shardId, sequenceNumber, index, arrivedAt, bytes, head } = record;
  const text = showInvisible(decoder.decode(head).replaceAll("\n", "⏎"));
  return {
    cells: [
      <a class="mono" href={recordLink(record)}>
        <Ago time={arrivedAt} now={now} reason="" />
        <span class="hidden">
          , {reason}, {sequenceNumber} {index}
        </span>
      </a>,
      <span class="state tone-warn">
        <Shape name="warn" /> {reason}
      </span>,
      <span class="mono">{stream}</span>,
      <span class="mono muted record-id" title={`${shardId} ${sequenceNumber}:${index}`}>
        {shortShard(shardId)} · …{sequenceNumber.slice(-7)} · {index}
      </span>,
      <Bytes value={bytes} reason="" />,
      <span class="mono raw-head">{text}</span>,
    ],
  };
};

const Records: FC<Omit<QuarantineListProps, "page" | "counts"> & { page: QuarantinePage }> = ({
  query,
  selection,
  page: { records, coverage, nextCursor },
  now,
}) => {
  const { cursor, ...kept } = query;
  const isAll = Object.values(kept).every((value) => !value);
  const empty =
    isAll && coverage.stoppedBy === "end" ? (
      <>
        Nothing is in quarantine: all that arrived were logs. To see what it does, put something
        into the stream that is none:
        <pre>{TRY_IT}</pre>
      </>
    ) : (
      "No record matches here."
    );
  return (
    <>
      <Table
        caption="Records in quarantine, the newest first"
        columns={[
          { label: "Arrived" },
          { label: "Reason" },
          { label: "Stream" },
          { label: "Shard, sequence, index" },
          { label: "Bytes", isNumber: true },
          { label: "Raw bytes" },
        ]}
        rows={records.map((record) => rowOf(record, now))}
        empty={empty}
      />
      <p class="pager">
        <span>
          {formatCount(records.length)} {records.length === 1 ? "record" : "records"} on this page.
        </span>
        <Coverage coverage={coverage} />
        {cursor ? (
          <a class="button" href={quarantineLink(kept)}>
            Newest
          </a>
        ) : null}
        {nextCursor ? (
          <a class="button" rel="next" href={quarantineLink({ ...kept, cursor: nextCursor })}>
            {coverage.stoppedBy === "limit" ? "Older" : "Continue"}
          </a>
        ) : null}
      </p>
      {records.length === 0 ? null : (
        <Section
          title="Replay this selection"
          note="Each record is stored once, however often it is replayed. Add --dry-run to see what would be written, --fix 'COMMAND' to repair."
        >
          {replaySelectionCommands({
            ...selection,
            buckets: [...new Set(records.map(({ bucket }) => bucket))],
          }).map((text, at) => (
            <Command id={`replay-${at}`} label="replay command" text={text} />
          ))}
        </Section>
      )}
    </>
  );
};

export const QuarantineList: FC<QuarantineListProps> = (props) => {
  const { query, buckets, counts, page } = props;
  const counted = counts.ok ? counts.value.reasons.map(({ reason }) => reason) : [];
  const reasons = new Set([...knownReasons, ...counted, ...(query.reason ? [query.reason] : [])]);
  return (
    <>
      <div class="page-head">
        <h1>Quarantine</h1>
        <p class="note">What arrived and was no log, kept with its bytes until it is replayed.</p>
      </div>
      <Filter query={query} buckets={buckets} reasons={[...reasons].sort()} />
      {counts.ok &&
      counts.value.reasons.length === 0 &&
      counts.value.coverage.stoppedBy === "end" ? null : (
        <Section title="By reason" note="All reasons, in the chosen time and place">
          {counts.ok ? (
            <Reasons {...props} counts={counts.value} />
          ) : (
            <Failure message={counts.error.message} />
          )}
        </Section>
      )}
      <Section title="Records" note="Newest first">
        {page.ok ? (
          <Records {...props} page={page.value} />
        ) : (
          <Failure message={page.error.message} />
        )}
      </Section>
    </>
  );
};
