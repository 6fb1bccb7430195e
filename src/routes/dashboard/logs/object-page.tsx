import type { FC } from "hono/jsx";
import {
  formatBytes,
  formatCount,
  formatTime,
  showInvisible,
} from "../../../shared/core/dashboard/format.ts";
import type { Line } from "../../../shared/core/dashboard/lines.ts";
import { type LogLevel, levelOf } from "../../../shared/core/dashboard/log-level.ts";
import type { ObjectLines } from "../../../shared/core/dashboard/reader.ts";
import { foldersOf } from "../buckets/bucket-page.tsx";
import { Facts, Section, Shape, type ShapeName, Unknown } from "../components.tsx";
import { Crumbs } from "../frame/layout.tsx";
import { bucketLink, objectApiLink, objectLink } from "../links.ts";

/** Characters of a line on the page; the API has the whole of it. */
const MAX_SHOWN = 4_000;
const CHOICES = [10, 100, 1_000];

const LEVELS: Readonly<Record<LogLevel, { letter: string; shape: ShapeName }>> = {
  fatal: { letter: "F", shape: "fatal" },
  error: { letter: "E", shape: "error" },
  warn: { letter: "W", shape: "warn" },
  info: { letter: "I", shape: "ok" },
  debug: { letter: "D", shape: "muted" },
  trace: { letter: "T", shape: "trace" },
};

const parseQuietly = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const LineRow: FC<{ line: Line; number: number }> = ({ line, number }) => {
  const level = levelOf(parseQuietly(line.text));
  const text = line.text.endsWith("\r") ? line.text.slice(0, -1) : line.text;
  const shown = text.slice(0, MAX_SHOWN);
  const rest = text.length - shown.length;
  return (
    <li id={`L${number}`} class={level ? `level-${level}` : undefined}>
      <a class="at" href={`#L${number}`} aria-label={`Line ${number}`}>
        {number}
      </a>
      {level ? (
        <span class={`level tone-${level}`} title={level}>
          <Shape name={LEVELS[level].shape} isPlain />
          {LEVELS[level].letter}
        </span>
      ) : (
        <span />
      )}
      <code>
        {showInvisible(shown)}
        {rest > 0 ? <span class="muted"> … {formatCount(rest)} more characters</span> : null}
        {line.isCut ? <span class="muted"> … the line goes on</span> : null}
        {line.isUtf8 ? null : <span class="muted"> (not UTF-8)</span>}
      </code>
    </li>
  );
};

const stopNote = ({ stoppedBy, lines, bytesRead }: ObjectLines): string => {
  const read = `${formatCount(lines.length)} ${lines.length === 1 ? "line" : "lines"}`;
  if (stoppedBy === "end") return `${read}, the whole object`;
  if (stoppedBy === "lines") return `the first ${read}`;
  if (stoppedBy === "bytes") return `${read}, the first ${formatBytes(bytesRead)}`;
  return `${read}; the object is damaged after ${formatBytes(bytesRead)}`;
};

export type ObjectPageProps = {
  bucket: string;
  keyName: string;
  maxLines: number;
  object: ObjectLines;
};

export const ObjectPage: FC<ObjectPageProps> = ({ bucket, keyName, maxLines, object }) => {
  const folders = foldersOf(keyName);
  const name = keyName.slice(folders.at(-1)?.prefix.length ?? 0);
  const unsaid = "S3 did not say.";
  return (
    <>
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
      <div class="page-head">
        <h1 class="hidden">{showInvisible(keyName)}</h1>
        <Facts
          facts={[
            ["Size", formatBytes(object.size)],
            [
              "Last modified",
              object.lastModified ? formatTime(object.lastModified) : <Unknown reason={unsaid} />,
            ],
            ["Content type", object.contentType ?? <Unknown reason={unsaid} />],
            ...Object.entries(object.metadata).map(
              ([field, value]) =>
                [showInvisible(field), <code>{showInvisible(value)}</code>] as const,
            ),
          ]}
        />
      </div>
      <Section
        title="Lines"
        note={
          <>
            {stopNote(object)} · as stored ·{" "}
            <a class="link" href={objectApiLink(bucket, keyName, maxLines)}>
              JSON
            </a>
          </>
        }
      >
        {object.lines.length === 0 ? (
          <p class="empty">The object holds no line.</p>
        ) : (
          <ol class="lines">
            {object.lines.map((line, index) => (
              <LineRow line={line} number={index + 1} />
            ))}
          </ol>
        )}
        <p class="pager">
          Show
          {CHOICES.map((count) => (
            <a
              class="button"
              href={objectLink(bucket, keyName, count)}
              aria-current={count === maxLines ? "true" : undefined}
            >
              {formatCount(count)}
            </a>
          ))}
          lines
        </p>
      </Section>
    </>
  );
};
