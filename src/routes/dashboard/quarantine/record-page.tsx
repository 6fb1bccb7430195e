import type { FC } from "hono/jsx";
import { formatCount, formatTime, showInvisible } from "../../../shared/core/dashboard/format.ts";
import { type DecodedText, hexRows } from "../../../shared/core/dashboard/quarantine/byte-view.ts";
import type { QuarantineRecordDetail } from "../../../shared/core/dashboard/quarantine/reader.ts";
import { describeReason } from "../../../shared/core/dashboard/quarantine/reasons.ts";
import { replayRecordCommand } from "../../../shared/core/dashboard/quarantine/replay-command.ts";
import { Bytes, Facts, Section, State } from "../components.tsx";
import { Crumbs } from "../frame/layout.tsx";
import { bucketLink, streamLink } from "../links.ts";
import { Command } from "./command.tsx";
import { quarantineLink, rawLink, recordLink } from "./links.ts";

export type QuarantineRecordProps = {
  bucket: string;
  objectKey: string;
  detail: QuarantineRecordDetail;
  decoded: DecodedText;
  /** Of the raw record, how many bytes are shown. */
  shownBytes: number;
  maxBytes: number;
};

const replayText = (replay: QuarantineRecordDetail["replay"]) => {
  if (replay === undefined) return "no";
  if (typeof replay === "string") return showInvisible(replay);
  if (replay.replayedAt === null) return <State tone="warn">interrupted: replay it again</State>;
  return (
    <State tone="ok">
      {formatTime(new Date(replay.replayedAt))}, {replay.lines}{" "}
      {replay.lines === 1 ? "log" : "logs"}
    </State>
  );
};

export const QuarantineRecordPage: FC<QuarantineRecordProps> = ({
  bucket,
  objectKey,
  detail: { entry, data, replay },
  decoded,
  shownBytes,
  maxBytes,
}) => {
  const place = { bucket, key: objectKey, ...entry };
  const rows = hexRows(data.subarray(0, shownBytes));
  const { came, helps } = describeReason(entry.reason);
  const arrived = new Date(entry.arrivedAt);
  const replayedTo = typeof replay === "object" ? replay.keys : [];
  return (
    <>
      <Crumbs
        items={[
          { label: "quarantine", href: "/quarantine" },
          { label: bucket, href: quarantineLink({ bucket }) },
          { label: entry.reason, href: quarantineLink({ bucket, reason: entry.reason }) },
          { label: `${entry.sequenceNumber}:${entry.index}` },
        ]}
      />
      <div class="page-head">
        <h1>
          <State tone="warn">{entry.reason}</State>
        </h1>
        <p>{showInvisible(entry.detail)}</p>
        <div class="end">
          <a class="button" href={rawLink(place)} download="">
            Download raw
          </a>
        </div>
      </div>
      <Facts
        facts={[
          [
            "Arrived",
            <time datetime={arrived.toISOString()} data-exact="">
              {arrived.toISOString().replace("T", " ")}
            </time>,
          ],
          [
            "Stream",
            <a class="mono" href={streamLink(entry.stream)}>
              {entry.stream}
            </a>,
          ],
          ["Shard", <span class="mono">{entry.shardId}</span>],
          ["Sequence number", <span class="mono">{entry.sequenceNumber}</span>],
          ["Index", String(entry.index)],
          ["Partition key", <span class="mono">{showInvisible(entry.partitionKey)}</span>],
          ["Size", <Bytes value={data.length} reason="" />],
          ["Replayed", replayText(replay)],
        ]}
      />
      {came === "" ? null : (
        <p class="note">
          {entry.reason} is {came}. What usually helps: {helps}.
        </p>
      )}
      <Section
        title="Raw and decoded"
        note={
          shownBytes < data.length
            ? `The first ${formatCount(shownBytes)} of ${formatCount(data.length)} bytes`
            : `All ${formatCount(data.length)} bytes; as ${decoded.encoding}`
        }
      >
        <div class="bytes">
          <section class="hex" tabindex={0} aria-label="Raw bytes, hexadecimal and ASCII">
            <pre>
              {rows.map(({ offset, hex, ascii }) => (
                <>
                  <b>{offset}</b>
                  {`  ${hex}  `}
                  <i>{ascii}</i>
                  {"\n"}
                </>
              ))}
              {rows.length === 0 ? "(no bytes)" : ""}
            </pre>
          </section>
          <section class="decoded" tabindex={0} aria-label={`Decoded as ${decoded.encoding}`}>
            <pre>{decoded.text}</pre>
          </section>
        </div>
        <p class="pager">
          {shownBytes < data.length && shownBytes < maxBytes ? (
            <a class="button" href={recordLink(place, Math.min(maxBytes, shownBytes * 16))}>
              Show more
            </a>
          ) : null}
          <span>
            In{" "}
            <a class="link wrap" href={bucketLink(bucket, { prefix: objectKey })}>
              {showInvisible(objectKey)}
            </a>
          </span>
        </p>
      </Section>
      {replayedTo.length === 0 ? null : (
        <Section title="Replayed to">
          <ul>
            {replayedTo.map((key) => (
              <li class="mono wrap">
                <a class="link" href={bucketLink(bucket, { prefix: key })}>
                  {showInvisible(key)}
                </a>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section
        title="Replay this record"
        note="Add --dry-run to see what would be written, --fix 'COMMAND' to repair its bytes."
      >
        <Command id="replay" label="replay command" text={replayRecordCommand({ bucket }, entry)} />
      </Section>
    </>
  );
};
