import { type ChartData, type LineChart, mountLineChart } from "./chart/line-chart.ts";
import { REFRESHED } from "./shell/refresh.ts";

const DEADLINE_MS = 5_000;

type Point = { at: string; accepted: number | null; landed: number | null };

const rate = (count: number | null, seconds: number): number | null =>
  count === null ? null : count / seconds;

/** In and landed a second. The newest step is still open, so that it would always seem to fall. */
const loadChart = async (minutes: string, step: number): Promise<ChartData> => {
  const answer = await fetch(`/api/history?minutes=${minutes}&step=${step}`, {
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  const points = ((await answer.json()) as { points: Point[] }).points.slice(0, -1);
  return {
    times: points.map(({ at }) => Date.parse(at)),
    series: [
      {
        label: "landed",
        values: points.map(({ landed }) => rate(landed, step)),
        colour: "--area",
        isArea: true,
      },
      {
        label: "in",
        values: points.map(({ accepted }) => rate(accepted, step)),
        colour: "--accent",
      },
    ],
  };
};

const formatRate = (value: number): string =>
  value >= 100 || value === 0 ? Math.round(value).toLocaleString("en-US") : value.toFixed(1);

const start = async (host: HTMLElement): Promise<void> => {
  const { minutes = "60", step = "30" } = host.dataset;
  let chart: LineChart | undefined;
  const draw = async () => {
    try {
      const data = await loadChart(minutes, Number(step));
      chart ??= await mountLineChart(host, data, {
        label: "Logs in and landed a second.",
        format: formatRate,
        isLocalTime: document.querySelector("[data-zone=local]") !== null,
      });
      chart.update(data);
      host.classList.remove("is-stale");
    } catch {
      // The last picture stays; the page itself says what does not answer.
      host.classList.add("is-stale");
    }
  };
  document.addEventListener(REFRESHED, () => void draw());
  await draw();
};

const host = document.querySelector<HTMLElement>("[data-island=overview-chart]");
if (host) void start(host);
