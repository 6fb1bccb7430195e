import { useState } from "hono/jsx/dom";
import { formatBytes, formatCount, showInvisible } from "../../shared/core/dashboard/format.ts";
import {
  duckDbQuery,
  jqFilter,
  lineAwsCli,
  lineCurl,
} from "../../shared/core/dashboard/logs/copy-as.ts";
import type { LogDetail } from "../../shared/core/dashboard/logs/log-row.ts";
import { prettyJson } from "../../shared/core/dashboard/logs/pretty-json.ts";
import { isGzipKey } from "../../shared/core/dashboard/logs/unpack.ts";
import { Mark, termOf } from "./facets.tsx";
import { fullTimeOf, highlight } from "./format-row.ts";
import { levelName } from "./level-marks.ts";
import { Menu } from "./menu.tsx";
import type { Viewer } from "./viewer.ts";

const wholeRaw = async (viewer: Viewer): Promise<string> => {
  if (viewer.state.detail?.isRawCut) await viewer.actions.showWhole();
  return viewer.state.detail?.raw ?? "";
};

const asText = ({ timeMs, level, service, message, fields }: LogDetail): string =>
  [
    timeMs === undefined ? "-" : new Date(timeMs).toISOString(),
    levelName(level).toUpperCase(),
    service ?? "-",
    message,
    ...fields.map(({ path, text }) => `${path}=${text}`),
  ].join(" ");

/** Everything one can take away of a line. */
export const lineCommands = (viewer: Viewer, detail: LogDetail) => {
  const { props, actions, permalink, lineName, state } = viewer;
  const key = state.sources[detail.source]?.key ?? "";
  const stored = {
    bucket: props.bucket,
    key,
    number: detail.number,
    firstByte: detail.firstByte,
    byteLength: detail.byteLength,
    isCompressed: isGzipKey(key),
  };
  const place = { origin: location.origin, endpointUrl: props.endpointUrl ?? undefined };
  const copy = (text: string, what: string) => () => void actions.copy(text, what);
  return {
    raw: () => void wholeRaw(viewer).then((raw) => actions.copy(raw, "the line as it is stored")),
    link: copy(permalink({ line: lineName(detail) }), "a link to the line"),
    items: [
      [
        "JSON, as stored",
        () => void wholeRaw(viewer).then((raw) => actions.copy(raw, "the line as it is stored")),
      ],
      ["Text", copy(asText(detail), "the line as text")],
      ["Link to this line", copy(permalink({ line: lineName(detail) }), "a link to the line")],
      ["curl", copy(lineCurl(stored, place), "a curl command")],
      ["aws CLI", copy(lineAwsCli(stored, place), "an aws command")],
      ["DuckDB", copy(duckDbQuery(props.bucket, key), "a query")],
      [
        "jq",
        copy(`${lineCurl(stored, place)} | ${jqFilter(undefined, undefined)}`, "a jq command"),
      ],
    ] as const,
    stored,
  };
};

const Highlighted = ({ text, q }: { text: string; q: string }) => (
  <>
    {highlight(text, q).map((part) =>
      typeof part === "string" ? part : <mark>{part.textContent}</mark>,
    )}
  </>
);

const Fields = ({ viewer, detail }: { viewer: Viewer; detail: LogDetail }) => (
  <dl class="log-fields">
    {detail.allFields.map(({ path, text }, index) => (
      <div key={`${path}${index}`}>
        <dt>{showInvisible(path)}</dt>
        <dd>
          <span class="field-value">
            <Highlighted text={showInvisible(text)} q={viewer.state.view.q} />
          </span>
          <span class="field-actions">
            <button
              type="button"
              aria-label={`Only lines with this ${path}`}
              title="Filter for"
              onClick={() => viewer.actions.addField(termOf(path, text))}
            >
              =
            </button>
            <button
              type="button"
              aria-label={`Without this ${path}`}
              title="Filter out"
              onClick={() => viewer.actions.addField(termOf(path, text, true))}
            >
              ≠
            </button>
            <button
              type="button"
              aria-label={`Copy ${path}`}
              title="Copy the value"
              onClick={() => void viewer.actions.copy(text, path)}
            >
              ⧉
            </button>
          </span>
        </dd>
      </div>
    ))}
  </dl>
);

/** One line in full: fields, its own text, where it is stored, and ways to take it along. */
export const Details = ({ viewer, detail }: { viewer: Viewer; detail: LogDetail }) => {
  const [isPretty, setPretty] = useState(false);
  const { actions, state } = viewer;
  const level = levelName(detail.level);
  const { items, stored } = lineCommands(viewer, detail);
  const traceField = detail.allFields.find(({ text }) => text === detail.traceId)?.path;
  const raw = isPretty && detail.isValid && !detail.isRawCut ? prettyJson(detail.raw) : detail.raw;
  return (
    <aside class="log-details" aria-label="Details of the line">
      <header>
        <p>
          <Mark level={detail.level} />{" "}
          <b class={`tone-${level}`}>{level === "none" ? "no level" : level}</b>
          {detail.service === undefined ? "" : ` · ${showInvisible(detail.service)}`}
          {detail.timeMs === undefined ? "" : ` · ${fullTimeOf(detail.timeMs)}`}
        </p>
        <span>
          <button
            type="button"
            class="icon-button"
            aria-label="Previous line"
            onClick={() => void actions.move(-1)}
          >
            ↑
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label="Next line"
            onClick={() => void actions.move(1)}
          >
            ↓
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label="Close details"
            onClick={() => actions.closeDetail()}
          >
            ✕
          </button>
        </span>
      </header>
      <section class="log-details-body" aria-label="Fields and text">
        <h2>
          {detail.isValid ? null : <b class="tone-warn">⚠ </b>}
          {detail.isValid
            ? showInvisible(detail.message.slice(0, 300)) || `Line ${detail.number}`
            : "This line is not JSON"}
        </h2>
        <p class="log-detail-actions">
          <Menu label="Copy as" items={items} />
          <button type="button" class="button" onClick={() => void actions.context()}>
            Lines around
          </button>
          {traceField === undefined || detail.traceId === undefined ? null : (
            <button
              type="button"
              class="button"
              onClick={() => actions.addField(termOf(traceField, detail.traceId ?? ""))}
            >
              Same trace
            </button>
          )}
        </p>
        <Fields viewer={viewer} detail={detail} />
        <section>
          <h3>
            Raw line
            <small>
              {formatCount(detail.byteLength)} bytes{detail.isUtf8 ? "" : ", not UTF-8"}
            </small>
            {detail.isValid ? (
              <button
                type="button"
                class="link-button"
                aria-pressed={isPretty ? "true" : "false"}
                onClick={() => setPretty(!isPretty)}
              >
                {isPretty ? "as stored" : "indented"}
              </button>
            ) : null}
          </h3>
          <pre class="log-raw">
            <Highlighted text={showBreaks(raw)} q={state.view.q} />
          </pre>
          {detail.isRawCut ? (
            <button type="button" class="button" onClick={() => void actions.showWhole()}>
              Show all {formatBytes(detail.byteLength)}
            </button>
          ) : null}
        </section>
        <section>
          <h3>Where it is stored</h3>
          <dl class="log-fields">
            <div>
              <dt>object</dt>
              <dd>
                <a
                  class="link field-value"
                  href={`/logs/${encodeURIComponent(stored.bucket)}?key=${encodeURIComponent(stored.key)}&L=${detail.number}`}
                >
                  {showInvisible(stored.key)}
                </a>
              </dd>
            </div>
            <div>
              <dt>line</dt>
              <dd>{formatCount(detail.number)}</dd>
            </div>
            <div>
              <dt>bytes</dt>
              <dd>
                {formatCount(detail.firstByte)} –{" "}
                {formatCount(detail.firstByte + detail.byteLength)}
                {stored.isCompressed ? ", unpacked" : ""}
              </dd>
            </div>
          </dl>
        </section>
      </section>
    </aside>
  );
};

/** Line breaks of an indented text stay; every other control character is shown. */
const showBreaks = (text: string): string => text.split("\n").map(showInvisible).join("\n");
