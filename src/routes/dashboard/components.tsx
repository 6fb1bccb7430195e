import type { Child, FC, PropsWithChildren } from "hono/jsx";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatTime,
} from "../../shared/core/dashboard/format.ts";

export type Tone = "ok" | "warn" | "error" | "muted";

const SHAPES = {
  ok: "M5 1a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
  warn: "M5 .8 9.6 9H.4z",
  error: "M1 1h8v8H1z",
  muted: "M5 1a4 4 0 1 1 0 8 4 4 0 0 1 0-8zm0 1.6a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8z",
  fatal: "M5 0l5 5-5 5-5-5z",
  trace: "M5 3.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
} as const;

export type ShapeName = keyof typeof SHAPES;

/** State is a shape, too: colour alone would not reach everybody. Plain takes the text's colour. */
export const Shape: FC<{ name: ShapeName; isPlain?: boolean }> = ({ name, isPlain }) => (
  <svg class={isPlain ? "shape" : `shape tone-${name}`} viewBox="0 0 10 10" aria-hidden="true">
    <path d={SHAPES[name]} />
  </svg>
);

/** A shape and its word. */
export const State: FC<PropsWithChildren<{ tone: Tone }>> = ({ tone, children }) => (
  <span class={`state tone-${tone}`}>
    <Shape name={tone} /> {children}
  </span>
);

/** What is not known, with the reason on hover and for screen readers. */
export const Unknown: FC<{ reason: string }> = ({ reason }) => (
  <span class="unknown" title={reason}>
    n/a<span class="hidden">: {reason}</span>
  </span>
);

export const Count: FC<{
  value: number | undefined | null;
  isComplete?: boolean;
  reason: string;
}> = ({ value, isComplete = true, reason }) =>
  value === undefined || value === null ? (
    <Unknown reason={reason} />
  ) : (
    <span title={isComplete ? undefined : "At least so many: counting stopped at its budget."}>
      {formatCount(value, isComplete)}
    </span>
  );

export const Bytes: FC<{ value: number | undefined; isComplete?: boolean; reason: string }> = ({
  value,
  isComplete = true,
  reason,
}) =>
  value === undefined ? (
    <Unknown reason={reason} />
  ) : (
    <span title={`${formatCount(value)} bytes`}>
      {formatBytes(value)}
      {isComplete ? "" : "+"}
    </span>
  );

/** How long ago, with the exact time on hover. */
export const Ago: FC<{ time: Date | string | null | undefined; now: number; reason: string }> = ({
  time,
  now,
  reason,
}) => {
  if (time === null || time === undefined) return <Unknown reason={reason} />;
  const date = new Date(time);
  return (
    <time datetime={date.toISOString()} title={formatTime(date)}>
      {formatDuration(now - date.getTime())} ago
    </time>
  );
};

export type Column = { label: string; isNumber?: boolean };
export type Row = { cells: Child[]; tone?: Tone };

/** A table that becomes a list of cards on a narrow screen. The first cell names the row. */
export const Table: FC<{ caption: string; columns: Column[]; rows: Row[]; empty: Child }> = ({
  caption,
  columns,
  rows,
  empty,
}) =>
  rows.length === 0 ? (
    <p class="empty">{empty}</p>
  ) : (
    <table class="table">
      <caption class="hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ label, isNumber }) => (
            <th scope="col" class={isNumber ? "number" : undefined}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ cells, tone }) => (
          <tr class={tone ? `row-${tone}` : undefined}>
            {cells.map((cell, index) =>
              index === 0 ? (
                <th scope="row">{cell}</th>
              ) : (
                <td
                  class={columns[index]?.isNumber ? "number" : undefined}
                  data-label={columns[index]?.label}
                >
                  {cell}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );

export const Section: FC<PropsWithChildren<{ title: string; note?: Child; id?: string }>> = ({
  title,
  note,
  id,
  children,
}) => (
  <section class="section" id={id}>
    <div class="section-head">
      <h2>{title}</h2>
      {note ? <p class="note">{note}</p> : null}
    </div>
    {children}
  </section>
);

/** Says that a part of the page could not be read; the rest stands. */
export const Failure: FC<{ message: string }> = ({ message }) => (
  <p class="failure" role="status">
    <Shape name="error" />
    <span>{message}</span>
  </p>
);

export const Facts: FC<{ facts: readonly (readonly [string, Child])[] }> = ({ facts }) => (
  <dl class="facts">
    {facts.map(([name, value]) => (
      <div>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
