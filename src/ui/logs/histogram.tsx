import { useEffect, useRef, useState } from "hono/jsx/dom";
import { formatCount } from "../../shared/core/dashboard/format.ts";
import type { Histogram as HistogramData } from "../../shared/core/dashboard/logs/facets.ts";
import { axisTimeOf, fullTimeOf } from "./format-row.ts";
import type { Viewer } from "./viewer.ts";

const HEIGHT = 56;
const TICKS = 6;

/** From the axis upwards: fatal and error, warnings, all else. */
const GROUPS = [
  ["is-error", [0, 1]],
  ["is-warn", [2]],
  ["is-rest", [3, 4, 5, 6]],
] as const;

const sumOf = (bucket: readonly number[], levels: readonly number[]): number =>
  levels.reduce((sum, level) => sum + (bucket[level] ?? 0), 0);

const totalOf = (bucket: readonly number[]): number => bucket.reduce((sum, n) => sum + n, 0);

const pathsOf = (counts: readonly number[][]): { className: string; d: string }[] => {
  const highest = Math.max(1, ...counts.map(totalOf));
  const tops = counts.map(() => HEIGHT);
  return GROUPS.map(([className, levels]) => {
    let d = "";
    for (const [index, bucket] of counts.entries()) {
      const count = sumOf(bucket, levels);
      if (count === 0) continue;
      // A single error among thousands must still be seen.
      const size = Math.max(1.5, (count / highest) * (HEIGHT - 2));
      const top = (tops[index] ?? HEIGHT) - size;
      d += `M${index + 0.1} ${top}h.8v${size}h-.8z`;
      tops[index] = top;
    }
    return { className, d };
  });
};

type Span = { from: number; to: number };

/** Lines over time, by level. Dragging zooms; so do Enter and Shift with the arrow keys. */
export const Histogram = ({ viewer, data }: { viewer: Viewer; data: HistogramData }) => {
  const figure = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Span | undefined>(undefined);
  const [cursor, setCursor] = useState(-1);
  const dragging = useRef<Span | undefined>(undefined);
  const { startMs, stepMs, counts } = data;
  const { visible } = viewer.state;
  const isZoomed = viewer.isZoomed();
  const endMs = startMs + stepMs * counts.length;
  const spanMs = endMs - startMs;

  const bucketAt = (clientX: number): number => {
    const box = figure.current?.getBoundingClientRect();
    if (!box) return 0;
    const at = Math.floor(((clientX - box.left) / box.width) * counts.length);
    return Math.max(0, Math.min(counts.length - 1, at));
  };

  const update = (span: Span | undefined): void => {
    dragging.current = span;
    setDrag(span);
  };

  const commit = (): void => {
    const span = dragging.current;
    update(undefined);
    if (span === undefined) return;
    const [low, high] = span.from < span.to ? [span.from, span.to] : [span.to, span.from];
    viewer.actions.zoom(startMs + low * stepMs, startMs + (high + 1) * stepMs);
  };

  useEffect(() => {
    const onEscape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && dragging.current !== undefined) {
        event.stopPropagation();
        update(undefined);
      }
    };
    addEventListener("keydown", onEscape, true);
    return () => removeEventListener("keydown", onEscape, true);
  }, []);

  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      const next = Math.max(0, Math.min(counts.length - 1, (cursor < 0 ? 0 : cursor) + step));
      if (event.shiftKey) update({ from: drag?.from ?? Math.max(0, cursor), to: next });
      else update(undefined);
      setCursor(next);
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      if (dragging.current === undefined)
        update({ from: Math.max(0, cursor), to: Math.max(0, cursor) });
      commit();
    }
  };

  const share = (ms: number): number =>
    Math.max(0, Math.min(1, (ms - startMs) / spanMs)) * counts.length;
  const low = drag && Math.min(drag.from, drag.to);
  const high = drag && Math.max(drag.from, drag.to) + 1;
  const chosen = low !== undefined && high !== undefined ? counts.slice(low, high) : undefined;
  const at = cursor < 0 ? undefined : counts[cursor];
  const all = counts.reduce((sum, bucket) => sum + totalOf(bucket), 0);
  const errors = counts.reduce((sum, bucket) => sum + sumOf(bucket, [0, 1]), 0);
  const summary = `${formatCount(all)} lines, ${formatCount(errors)} of them errors, from ${fullTimeOf(startMs)} to ${fullTimeOf(endMs)}.`;
  const tip =
    chosen !== undefined && low !== undefined && high !== undefined
      ? `${axisTimeOf(startMs + low * stepMs, spanMs)} – ${axisTimeOf(startMs + high * stepMs, spanMs)} · ${formatCount(chosen.reduce((sum, bucket) => sum + totalOf(bucket), 0))} lines · release to zoom`
      : at === undefined
        ? ""
        : `${axisTimeOf(startMs + cursor * stepMs, spanMs)} · ${formatCount(totalOf(at))} lines, ${formatCount(sumOf(at, [0, 1]))} errors`;
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => startMs + (spanMs * index) / TICKS);
  return (
    <figure class="log-histogram" aria-label="Lines over time">
      <figcaption class="hidden">{summary}</figcaption>
      <div
        ref={figure}
        class="log-bars"
        role="slider"
        tabIndex={0}
        aria-label="Time. Arrow keys move, with Shift they choose a span, Enter zooms, Escape zooms out."
        aria-valuemin={0}
        aria-valuemax={counts.length - 1}
        aria-valuenow={Math.max(0, cursor)}
        aria-valuetext={tip || summary}
        onKeyDown={onKey}
        onPointerDown={(event: PointerEvent) => {
          if (event.button !== 0) return;
          const bucket = bucketAt(event.clientX);
          figure.current?.setPointerCapture(event.pointerId);
          update({ from: bucket, to: bucket });
        }}
        onPointerMove={(event: PointerEvent) => {
          const bucket = bucketAt(event.clientX);
          if (dragging.current !== undefined) update({ ...dragging.current, to: bucket });
          if (bucket !== cursor) setCursor(bucket);
        }}
        onPointerUp={commit}
        onPointerCancel={() => update(undefined)}
        onDblClick={() => viewer.actions.resetZoom()}
      >
        <svg
          viewBox={`0 0 ${counts.length} ${HEIGHT}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {pathsOf(counts).map(({ className, d }) => (
            <path class={className} d={d} />
          ))}
          {low === undefined || high === undefined ? null : (
            <g class="log-brush">
              <rect x={0} y={0} width={low} height={HEIGHT} class="is-outside" />
              <rect x={low} y={0} width={high - low} height={HEIGHT} class="is-inside" />
              <rect
                x={high}
                y={0}
                width={counts.length - high}
                height={HEIGHT}
                class="is-outside"
              />
            </g>
          )}
          {visible === undefined ? null : (
            <rect
              class="log-visible"
              x={share(visible.fromMs)}
              y={HEIGHT - 3}
              width={Math.max(0.6, share(visible.toMs) - share(visible.fromMs))}
              height={3}
            />
          )}
        </svg>
      </div>
      <div class="log-axis" aria-hidden="true">
        {ticks.map((ms) => (
          <span>{axisTimeOf(ms, spanMs)}</span>
        ))}
      </div>
      {tip === "" ? null : <p class="log-tip">{tip}</p>}
      {isZoomed ? (
        <button type="button" class="button log-unzoom" onClick={() => viewer.actions.resetZoom()}>
          Zoom out
        </button>
      ) : null}
    </figure>
  );
};
