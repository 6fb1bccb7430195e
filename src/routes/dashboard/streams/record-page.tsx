import type { FC } from "hono/jsx";
import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import { formatBytes, showInvisible } from "../../../shared/core/dashboard/format.ts";
import type { LogLevel } from "../../../shared/core/dashboard/log-level.ts";
import type { RecordLine, RecordView } from "../../../shared/core/dashboard/streams/record-view.ts";
import { isSequenceNumber } from "../../../shared/core/dashboard/streams/sequence.ts";
import type { StreamsPorts } from "../../../shared/core/dashboard/streams/streams-ports.ts";
import { Facts, Failure, Section, Shape, type ShapeName } from "../components.tsx";
import { QueryError } from "../query.ts";
import { recordsApiLink, tabLink } from "./links.ts";
import { parseShards } from "./query.ts";
import type { TabBody } from "./tabs.tsx";

type Query = Readonly<Record<string, string>>;

const DEADLINE_MS = 8_000;
/** What a page shows of one record; its JSON has all of it. */
const SHOWN_BYTES = 256 * 1024;
const SHOWN_LINES = 500;

const SHAPES: Readonly<Record<LogLevel, ShapeName>> = {
  fatal: "fatal",
  error: "error",
  warn: "warn",
  info: "ok",
  debug: "muted",
  trace: "trace",
};

const Level: FC<{ line: RecordLine }> = ({ line: { level, reason } }) => {
  if (reason !== null)
    return (
      <span class="level tone-warn" title={`The consumer quarantines this: ${reason}`}>
        <Shape name="warn" isPlain />!
      </span>
    );
  return level === null ? (
    <span />
  ) : (
    <span class={`level tone-${level}`} title={level}>
      <Shape name={SHAPES[level]} isPlain />
      {level.charAt(0).toUpperCase()}
    </span>
  );
};

const Lines: FC<{ record: RecordView }> = ({ record: { lines = [], lineCount = 0 } }) => (
  <Section
    title={lineCount === 1 ? "1 log" : `${lineCount.toLocaleString("en-US")} logs`}
    note={
      lineCount > SHOWN_LINES
        ? `as the consumer unpacks them; the first ${SHOWN_LINES} are shown`
        : "as the consumer unpacks them"
    }
  >
    <ol class="lines">
      {lines.slice(0, SHOWN_LINES).map((line) => (
        <li id={`i${line.index}`} class={line.level ? `level-${line.level}` : undefined}>
          <a class="at" href={`#i${line.index}`}>
            {line.index}
          </a>
          <Level line={line} />
          <code>
            {showInvisible(line.raw)}
            {line.truncated ? ` … ${formatBytes(line.bytes)} in all` : ""}
          </code>
        </li>
      ))}
    </ol>
  </Section>
);

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const awsCommand = (stream: string, { shard, seq }: RecordView): string =>
  `aws kinesis get-records --limit 1 --shard-iterator "$(aws kinesis get-shard-iterator \\
  --stream-name ${quoted(stream)} --shard-id ${quoted(shard)} \\
  --shard-iterator-type AT_SEQUENCE_NUMBER --starting-sequence-number ${seq} \\
  --query ShardIterator --output text)"`;

const RecordBody: FC<{ stream: string; record: RecordView }> = ({ stream, record }) => {
  const { shard, seq, raw, encoding, truncated, bytes } = record;
  const at = { shard, sequence: seq };
  return (
    <>
      <Facts
        facts={[
          ["Arrived", <time datetime={record.arrival}>{record.arrival}</time>],
          ["Shard", <code>{shard}</code>],
          ["Sequence number", <code>{seq}</code>],
          ["Partition key", <code>{showInvisible(record.partitionKey)}</code>],
          ["Bytes", bytes.toLocaleString("en-US")],
        ]}
      />
      <Section
        title="Raw"
        note={`${encoding === "utf8" ? "its bytes as UTF-8" : "not UTF-8, so in base64"}; control characters are shown as ⟨U+…⟩${truncated ? `; the first ${formatBytes(SHOWN_BYTES)}` : ""}`}
      >
        <pre class="raw">{showInvisible(raw ?? "").replaceAll("⟨U+000A⟩", "\n")}</pre>
        <p class="pager">
          <a
            class="button"
            href={tabLink(stream, "records", { ...at, position: "AFTER_SEQUENCE_NUMBER" })}
          >
            Records after this one
          </a>
          <a
            class="link"
            href={recordsApiLink(stream, {
              ...at,
              position: "AT_SEQUENCE_NUMBER",
              limit: "1",
              decode: "both",
            })}
          >
            As JSON, whole
          </a>
        </p>
      </Section>
      <Lines record={record} />
      <details class="section">
        <summary>Read it with the aws CLI</summary>
        <pre class="raw">{awsCommand(stream, record)}</pre>
      </details>
    </>
  );
};

/** One record, by its shard and sequence number. */
export const recordPage = async (
  streams: StreamsPorts,
  stream: string,
  query: Query,
): Promise<TabBody> => {
  const { seq = "" } = query;
  if (!isSequenceNumber(seq))
    throw new QueryError("seq", "seq must be a record's sequence number.");
  const read = await attempt(() =>
    streams.records.read(
      {
        stream,
        shards: parseShards(query.shard === undefined ? undefined : [query.shard]),
        start: { type: "AT_SEQUENCE_NUMBER", sequence: seq },
        limit: 1,
        view: { maxRawBytes: SHOWN_BYTES, withLines: true },
      },
      AbortSignal.timeout(DEADLINE_MS),
    ),
  );
  if (!read.ok) return { body: <Failure message={read.error.message} />, isStill: true };
  const record =
    read.value && "records" in read.value
      ? read.value.records.find((candidate) => candidate.seq === seq)
      : undefined;
  return {
    body: record ? (
      <RecordBody stream={stream} record={record} />
    ) : (
      <Failure
        message={`There is no record ${seq} here any more: it is of another shard, or past the retention.`}
      />
    ),
    isStill: true,
  };
};
