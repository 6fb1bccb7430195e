import type uPlot from "uplot";
import { make } from "../shell/dialog.ts";
import { onThemeChange, resolveColour } from "./theme.ts";

export type ChartSeries = {
  label: string;
  /** Null is not known: the line has a hole there. */
  values: readonly (number | null)[];
  /** Name of a colour of the style sheet, such as `--accent`. */
  colour: string;
  /** Filled down to 0; a line where absent. */
  isArea?: boolean;
  /** On a scale of its own at the right. */
  isRight?: boolean;
};

export type ChartData = {
  /** Epoch milliseconds, rising. */
  times: readonly number[];
  series: readonly ChartSeries[];
};

export type LineChartOptions = {
  /** What the chart shows, in a sentence. */
  label: string;
  /** CSS pixels. */
  height?: number;
  format: (value: number) => string;
  /** For series with `isRight`. */
  formatRight?: (value: number) => string;
  /** The value axis reaches at least so far, in the unit of its values. */
  top?: number;
  isLocalTime: boolean;
};

export type LineChart = {
  /** The same series in the same order; only times and values may differ. */
  update(data: ChartData): void;
  destroy(): void;
};

const HEIGHT = 220;
/** Steps between the times below, seconds: their labels show no seconds. */
const WHOLE_MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 360, 1_440].map((minutes) => minutes * 60);
const FONT = "11px ui-sans-serif, system-ui, sans-serif";

const pad = (value: number): string => String(value).padStart(2, "0");

const clock = (at: number, isLocal: boolean): string => {
  const date = new Date(at);
  return isLocal
    ? `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`
    : `${date.toISOString().slice(11, 19)}Z`;
};

const dataOf = ({ times, series }: ChartData): uPlot.AlignedData =>
  [times.map((at) => at / 1000), ...series.map(({ values }) => [...values])] as uPlot.AlignedData;

const axis = (
  side: 1 | 2 | 3,
  scale: string,
  options: Pick<uPlot.Axis, "values" | "size" | "incrs">,
): uPlot.Axis => ({
  side,
  scale,
  font: FONT,
  stroke: () => resolveColour("--muted"),
  grid: { show: side !== 1, stroke: () => resolveColour("--grid"), width: 1 },
  ticks: { show: false },
  ...options,
});

/**
 * A time chart in `host`: follows the theme and the width, and is read with the arrow keys. The
 * figures under the cursor stand in a line below it. uPlot is loaded on the first call.
 */
export const mountLineChart = async (
  host: HTMLElement,
  data: ChartData,
  options: LineChartOptions,
): Promise<LineChart> => {
  const { default: Plot } = await import("uplot");
  const { format, formatRight = format, height = HEIGHT, top = 1, isLocalTime } = options;
  let current = data;
  const canvas = make("div", {
    class: "chart-plot",
    tabindex: "0",
    role: "group",
    "aria-label": `${options.label} Left and right move through it.`,
  });
  const keys = data.series.map(({ label, colour, isArea }) => {
    const mark = make("i", { class: isArea ? "chart-area" : "chart-line" });
    mark.style.setProperty("--mark", `var(${colour})`);
    const value = make("b");
    return { value, item: make("span", {}, mark, `${label} `, value) };
  });
  const time = make("span", { class: "chart-time" });
  const legend = make("p", { class: "chart-legend" }, ...keys.map(({ item }) => item), time);
  const spoken = make("p", { class: "hidden", role: "status" });
  host.replaceChildren(legend, canvas, spoken);

  const read = (index: number | null | undefined): string => {
    const at = index === null || index === undefined ? undefined : current.times[index];
    time.textContent = at === undefined ? "" : clock(at, isLocalTime);
    const words = current.series.map(({ label, values, isRight }, place) => {
      const value = at === undefined ? undefined : values[index ?? 0];
      const text = value === null ? "n/a" : (isRight ? formatRight : format)(value ?? 0);
      const shown = value === undefined ? "" : text;
      const key = keys[place];
      if (key) key.value.textContent = shown;
      return `${label} ${shown}`;
    });
    return at === undefined ? "" : `${clock(at, isLocalTime)}: ${words.join(", ")}`;
  };

  const hasRight = data.series.some(({ isRight }) => isRight);
  const fromZero: uPlot.Scale.Range = (_plot, _min, max) => [0, Math.max(max ?? 0, top) * 1.08];
  const plot = new Plot(
    {
      width: Math.max(200, canvas.clientWidth),
      height,
      padding: [8, hasRight ? 0 : 12, 0, 0],
      tzDate: (seconds) =>
        isLocalTime ? new Date(seconds * 1000) : Plot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { y: { range: fromZero }, right: { range: fromZero } },
      axes: [
        axis(2, "x", {
          incrs: WHOLE_MINUTES,
          values: (_plot, splits) => splits.map((at) => clock(at * 1000, isLocalTime).slice(0, 5)),
        }),
        axis(3, "y", { values: (_plot, splits) => splits.map(format), size: 64 }),
        ...(hasRight
          ? [axis(1, "right", { values: (_plot, splits) => splits.map(formatRight), size: 64 })]
          : []),
      ],
      series: [
        {},
        ...data.series.map(
          ({ label, colour, isArea, isRight }): uPlot.Series => ({
            label,
            scale: isRight ? "right" : "y",
            stroke: () => resolveColour(isArea ? "--control" : colour),
            width: isArea ? 1 : 1.5,
            ...(isArea ? { fill: () => resolveColour(colour) } : {}),
            points: { show: false },
          }),
        ),
      ],
      hooks: { setCursor: [({ cursor }) => void read(cursor.idx)] },
    },
    dataOf(data),
    canvas,
  );

  let index = data.times.length - 1;
  canvas.addEventListener("keydown", (event) => {
    const last = current.times.length - 1;
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    const edge = { Home: 0, End: last }[event.key];
    if (step === undefined && edge === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    index = Math.min(last, Math.max(0, edge ?? index + (step ?? 0)));
    plot.setCursor({ left: plot.valToPos((current.times[index] ?? 0) / 1000, "x"), top: 0 });
    spoken.textContent = read(index);
  });
  const resize = new ResizeObserver(() => {
    if (canvas.clientWidth > 0) plot.setSize({ width: canvas.clientWidth, height });
  });
  resize.observe(canvas);
  const stopWatching = onThemeChange(() => plot.redraw(false));

  return {
    update: (next) => {
      current = next;
      plot.setData(dataOf(next));
    },
    destroy: () => {
      resize.disconnect();
      stopWatching();
      plot.destroy();
      host.replaceChildren();
    },
  };
};
