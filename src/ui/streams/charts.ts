import { formatCount, formatDuration } from "../../shared/core/dashboard/format.ts";
import { type ChartData, type LineChart, mountLineChart } from "../chart/line-chart.ts";
import { make } from "../shell/dialog.ts";
import { REFRESHED } from "../shell/refresh.ts";

type Props = { stream: string; minutes: number; step: number };
type Figure = number | null;
type Answer = {
  points: { at: string; accepted: Figure; landed: Figure }[];
  shards: { stream: string; shard_id: string; lag_ms: Figure[] }[];
};

const DEADLINE_MS = 5_000;
const COLOURS = ["--accent", "--warn", "--ok", "--fatal", "--error", "--info"];
/** More lines than colours could not be told apart. */
const MAX_SHARDS = COLOURS.length;

const short = (shardId: string): string => shardId.replace(/^shardId-0*(?=\d)/, "");

const flowOf = ({ points }: Answer): ChartData => ({
  times: points.map(({ at }) => Date.parse(at)),
  series: [
    { label: "landed", values: points.map(({ landed }) => landed), colour: "--area", isArea: true },
    { label: "in", values: points.map(({ accepted }) => accepted), colour: "--accent" },
  ],
});

const lagOf = ({ points, shards }: Answer, stream: string): ChartData => {
  const times = points.map(({ at }) => Date.parse(at));
  return {
    times,
    series: shards
      .filter((shard) => shard.stream === stream)
      .slice(0, MAX_SHARDS)
      .map(({ shard_id, lag_ms }, index) => ({
        label: `shard ${short(shard_id)}`,
        // The newest step of both is the same.
        values: times.map((_, at) => lag_ms[lag_ms.length - times.length + at] ?? null),
        colour: COLOURS[index] ?? "--accent",
      })),
  };
};

/** Draws the charts of a stream, and again whenever the page was renewed. */
export const startCharts = async (host: HTMLElement): Promise<void> => {
  const { stream, minutes, step } = JSON.parse(host.dataset.props ?? "{}") as Props;
  const isLocalTime = document.querySelector("[data-zone=local]") !== null;
  const load = async (): Promise<Answer> => {
    const answer = await fetch(`/api/history?minutes=${minutes}&step=${step}`, {
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (!answer.ok) throw new Error(`The dashboard answered ${answer.status}.`);
    return (await answer.json()) as Answer;
  };
  const flowHost = make("div", { class: "chart" });
  const lagHost = make("div", { class: "chart" });
  host.append(
    make("h3", {}, "Logs per step, both streams"),
    flowHost,
    make("h3", {}, "Behind, by shard"),
    lagHost,
  );
  let flow: LineChart | undefined;
  let lag: LineChart | undefined;
  let shardCount = 0;
  const draw = async (): Promise<void> => {
    const answer = await load();
    const lags = lagOf(answer, stream);
    if (flow) flow.update(flowOf(answer));
    else
      flow = await mountLineChart(flowHost, flowOf(answer), {
        label: "Logs that came in and logs that landed, in each step.",
        format: (value) => formatCount(value),
        isLocalTime,
      });
    if (lag && lags.series.length === shardCount) lag.update(lags);
    else {
      lag?.destroy();
      shardCount = lags.series.length;
      lag = await mountLineChart(lagHost, lags, {
        label: "How far the consumer was behind in each shard.",
        format: (value) => (value === 0 ? "0" : formatDuration(value)),
        top: 2_000,
        isLocalTime,
      });
    }
  };
  // What failed stays as it was; the page says so by itself.
  const tryDraw = () => draw().catch(() => {});
  document.addEventListener(REFRESHED, () => void tryDraw());
  await tryDraw();
};
