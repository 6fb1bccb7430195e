import { memo, useEffect, useState } from "hono/jsx/dom";
import {
  formatBytes,
  formatCount,
  formatDuration,
  showInvisible,
} from "../../shared/core/dashboard/format.ts";
import { createLineTable } from "../../shared/core/dashboard/logs/line-table.ts";
import { LEVEL_NAMES } from "../../shared/core/dashboard/logs/log-filter.ts";
import { rowOf } from "../../shared/core/dashboard/logs/log-row.ts";
import { Mark } from "./facets.tsx";
import { fullTimeOf, highlight } from "./format-row.ts";
import type { SearchClient, WireHit } from "./search-client.ts";

const STOPS: Readonly<Record<string, string>> = {
  done: "everything was searched",
  limit: "stopped at the limit of a page",
  time: "stopped when its time was over",
  cancelled: "stopped by you",
};

const encoder = new TextEncoder();
const summaries = new WeakMap<WireHit, { message: string; rest: string }>();

/** Message and other fields of a line as people read them; the line itself where it is not JSON. */
const summaryOf = (hit: WireHit): { message: string; rest: string } => {
  const known = summaries.get(hit) ?? summarize(hit.raw);
  summaries.set(hit, known);
  return known;
};

const summarize = (raw: string): { message: string; rest: string } => {
  const table = createLineTable();
  table.add({ source: 0, bytes: encoder.encode(raw) });
  if (table.lineCount !== 1) return { message: raw, rest: "" };
  const { message, fields } = rowOf(table, 0);
  return { message, rest: fields.map(({ path, text }) => `${path}=${text}`).join(" ") };
};

/** Drawn once: a list that grows by hundreds must not draw itself again for each. */
const Hit = memo(({ bucket, q, hit }: { bucket: string; q: string; hit: WireHit }) => {
  const level =
    hit.level === null ? LEVEL_NAMES.length - 1 : LEVEL_NAMES.indexOf(hit.level as "error");
  const query = new URLSearchParams({ key: hit.key, L: String(hit.line) });
  if (q !== "") query.set("q", q);
  const { message, rest } = summaryOf(hit);
  const marked = (text: string) =>
    highlight(showInvisible(text), q).map((part) =>
      typeof part === "string" ? part : <mark>{part.textContent}</mark>,
    );
  return (
    <li class={`level-${hit.level ?? "none"}`}>
      <a class="at" href={`/logs/${encodeURIComponent(bucket)}?${query}`} title="Open at this line">
        {hit.time === null ? "no time" : fullTimeOf(Date.parse(hit.time)).slice(0, 23)}
      </a>
      <Mark level={level} />
      <span class="hit-service">{showInvisible(hit.service ?? "")}</span>
      <code>
        {marked(message.slice(0, 600))}
        {rest === "" ? null : <i> {marked(rest.slice(0, 600))}</i>}
      </code>
    </li>
  );
});

const Progress = ({ client }: { client: SearchClient }) => {
  const { stats, hits, isRunning, stoppedBy, cursor, problem, showsProgress } = client.state;
  if (problem !== "")
    return (
      <p class="failure" role="alert">
        {problem}
      </p>
    );
  if (stats === undefined && !showsProgress) return null;
  return (
    <div class="search-status">
      <p class="note">
        <b>{formatCount(hits.length, !isRunning && cursor === null)}</b>{" "}
        {hits.length === 1 ? "hit" : "hits"}
        {stats === undefined
          ? ""
          : ` in ${formatCount(stats.objects)} objects, ${formatBytes(stats.bytes)}, ${formatDuration(stats.elapsed_ms)}`}
        {isRunning && stats?.hour
          ? ` · searching ${stats.hour.slice(0, 13).replace("T", " ")}:00 UTC`
          : ""}
        {!isRunning && stoppedBy !== undefined ? ` · ${STOPS[stoppedBy] ?? stoppedBy}` : ""}
      </p>
      {isRunning ? (
        <button type="button" class="button" onClick={() => client.stop()}>
          Stop
        </button>
      ) : cursor === null ? null : (
        <button type="button" class="button" onClick={() => void client.more()}>
          Continue
        </button>
      )}
      {stats !== undefined && stats.incomplete_count > 0 ? (
        <p class="note tone-warn">
          {formatCount(stats.incomplete_count)} objects were not searched whole:{" "}
          {stats.incomplete.map(({ key, reason }) => `${showInvisible(key)}: ${reason}`).join("; ")}
        </p>
      ) : null}
    </div>
  );
};

export const SearchResults = ({ client }: { client: SearchClient }) => {
  const [, redraw] = useState(0);
  useEffect(() => {
    let version = 0;
    client.listen(() => {
      version += 1;
      redraw(version);
    });
  }, []);
  const { hits, isRunning, stoppedBy, form } = client.state;
  return (
    <div aria-busy={isRunning ? "true" : "false"}>
      <Progress client={client} />
      <p class="hidden" role="status">
        {isRunning || stoppedBy === undefined
          ? ""
          : `${formatCount(hits.length)} hits, ${STOPS[stoppedBy] ?? stoppedBy}`}
      </p>
      {hits.length === 0 && stoppedBy === "done" ? (
        <div class="empty">
          <p>
            Nothing was found. Leave out a word or a level, or search a longer time: an hour's logs
            are found by the time they state, in UTC.
          </p>
          {client.curl === undefined ? null : (
            <>
              <p>Send a log and search for it; it is stored some seconds later:</p>
              <pre>{client.curl}</pre>
            </>
          )}
        </div>
      ) : (
        <ol class="lines hits">
          {hits.map((hit) => (
            <Hit
              key={`${hit.key}#${hit.line}`}
              bucket={form.bucket ?? ""}
              q={form.q ?? ""}
              hit={hit}
            />
          ))}
        </ol>
      )}
      {hits.length > 0 && form.bucket ? (
        <p class="pager">Each time leads to its line in the viewer.</p>
      ) : null}
    </div>
  );
};
