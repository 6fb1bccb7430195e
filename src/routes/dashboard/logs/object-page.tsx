import type { FC } from "hono/jsx";
import {
  formatBytes,
  formatCount,
  formatTime,
  showInvisible,
} from "../../../shared/core/dashboard/format.ts";
import type { Line } from "../../../shared/core/dashboard/lines.ts";
import { levelOf } from "../../../shared/core/dashboard/log-level.ts";
import type { ObjectLines } from "../../../shared/core/dashboard/reader.ts";
import { foldersOf } from "../buckets/bucket-page.tsx";
import { Unknown } from "../components.tsx";
import { Crumbs } from "../frame/layout.tsx";
import { bucketLink, logsLink, objectApiLink, objectRawLink } from "../links.ts";
import { LevelMark, LevelSelect } from "./rows.tsx";

/** Characters of a line on the page; the API has the whole of it. */
const MAX_SHOWN = 4_000;

/** A line, and its number in the object. */
export type NumberedLine = { line: Line; number: number };

const parseQuietly = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const LineRow: FC<NumberedLine> = ({ line, number }) => {
  const level = levelOf(parseQuietly(line.text));
  const text = line.text.endsWith("\r") ? line.text.slice(0, -1) : line.text;
  const shown = text.slice(0, MAX_SHOWN);
  const rest = text.length - shown.length;
  return (
    <li id={`L${number}`} class={level ? `level-${level}` : undefined}>
      <a class="at" href={`#L${number}`} aria-label={`Line ${number}`}>
        {number}
      </a>
      <LevelMark level={level} />
      <code>
        {showInvisible(shown)}
        {rest > 0 ? <span class="muted"> … {formatCount(rest)} more characters</span> : null}
        {line.isCut ? <span class="muted"> … the line goes on</span> : null}
        {line.isUtf8 ? null : <span class="muted"> (not UTF-8)</span>}
      </code>
    </li>
  );
};

const stopNote = (
  { stoppedBy, lines, bytesRead }: ObjectLines,
  shown: number,
  isFiltered: boolean,
): string => {
  const count = (number: number) => `${formatCount(number)} ${number === 1 ? "line" : "lines"}`;
  const hits = isFiltered ? `${count(shown)} shown, of ` : "";
  const read = count(lines.length);
  if (stoppedBy === "end")
    return shown < lines.length && !isFiltered
      ? `the first ${count(shown)} of ${read}`
      : `${hits}${read}, the whole object`;
  if (stoppedBy === "lines") return `${hits}the first ${read}`;
  if (stoppedBy === "bytes") return `${hits}${read}, the first ${formatBytes(bytesRead)}`;
  return `${hits}${read}; the object is damaged after ${formatBytes(bytesRead)}`;
};

export type ObjectPageProps = {
  bucket: string;
  keyName: string;
  object: ObjectLines;
  lines: readonly NumberedLine[];
  q: string;
  lvl: string;
  isFiltered: boolean;
  /** For the viewer; a page without scripts goes without. */
  props: object;
};

/** One object: its first lines, which the viewer replaces where scripts run. */
export const ObjectPage: FC<ObjectPageProps> = (given) => {
  const { bucket, keyName, object, lines, q, lvl, isFiltered, props } = given;
  const folders = foldersOf(keyName);
  const name = keyName.slice(folders.at(-1)?.prefix.length ?? 0);
  const modified = object.lastModified;
  return (
    <>
      <div class="page-head viewer-head">
        <Crumbs
          items={[
            { label: bucket, href: bucketLink(bucket) },
            ...folders.map(({ label, prefix }) => ({
              label: showInvisible(label),
              href: bucketLink(bucket, { prefix }),
            })),
            { label: showInvisible(name) || "(empty name)" },
          ]}
        />
        <h1 class="hidden">{showInvisible(keyName)}</h1>
        <p class="note">
          {formatBytes(object.size)} ·{" "}
          {modified ? formatTime(modified) : <Unknown reason="S3 did not say." />} ·{" "}
          {object.contentType === undefined ? (
            <Unknown reason="S3 did not say the content type." />
          ) : (
            showInvisible(object.contentType)
          )}
        </p>
        <p class="end">
          <a class="button" href={objectRawLink(bucket, keyName)} download>
            Download object
          </a>
        </p>
      </div>
      <div data-island="logs" class="viewer" data-props={JSON.stringify(props)}>
        <form class="find viewer-find" method="get" action={logsLink(bucket)}>
          <input type="hidden" name="key" value={keyName} />
          <input
            type="search"
            name="q"
            value={q}
            placeholder={'words, "a phrase", -not'}
            aria-label="Filter"
          />
          <LevelSelect value={lvl} />
          <button class="button" type="submit">
            Filter
          </button>
        </form>
        <p class="note">
          {stopNote(object, lines.length, isFiltered)} · as stored ·{" "}
          <a class="link" href={objectApiLink(bucket, keyName, 500)}>
            JSON
          </a>
        </p>
        {lines.length === 0 ? (
          <p class="empty">
            {isFiltered ? "No line that was read passes this filter." : "The object holds no line."}
          </p>
        ) : (
          <ol class="lines">
            {lines.map((line) => (
              <LineRow {...line} />
            ))}
          </ol>
        )}
        {Object.keys(object.metadata).length > 0 ? (
          <dl class="facts">
            {Object.entries(object.metadata).map(([field, value]) => (
              <div>
                <dt>{showInvisible(field)}</dt>
                <dd>
                  <code>{showInvisible(value)}</code>
                </dd>
              </div>
            ))}
          </dl>
        ) : null}
      </div>
    </>
  );
};
