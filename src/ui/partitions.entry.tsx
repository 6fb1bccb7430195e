import { render } from "hono/jsx/dom";
import { analyzePartitions } from "../shared/core/dashboard/partition-analysis.ts";
import type { Walk } from "../shared/core/dashboard/partition-walk.ts";
import { coverageText } from "../shared/core/dashboard/partitions/facts.ts";
import { heatOf, METRICS, type Metric } from "../shared/core/dashboard/partitions/heat.ts";
import { mergeWalks } from "../shared/core/dashboard/partitions/merge.ts";
import type { Sampling } from "../shared/core/dashboard/partitions/sampling.ts";
import {
  mergeSamplings,
  samplingFromWire,
  type WalkWire,
  walkFromWire,
} from "../shared/core/dashboard/partitions/wire.ts";
import { copyText } from "./buckets/copy.ts";
import { FactsView } from "./partitions/facts-view.tsx";
import { startHeatKeys } from "./partitions/heat-keys.ts";
import { HeatView } from "./partitions/heat-view.tsx";

type State = { walk: Walk; sampling: Sampling; cursor: string | null };

const start = (heatIsland: HTMLElement, factsIsland: HTMLElement): void => {
  const { bucket = "", service = "" } = heatIsland.dataset;
  const title = factsIsland.querySelector("h2")?.textContent ?? "";
  let metric: Metric = METRICS.find((each) => each === heatIsland.dataset.metric) ?? "bytes";
  let state: State | undefined;
  let under: AbortController | undefined;
  let problem: string | undefined;

  const load = async (cursor: string | null, signal: AbortSignal): Promise<State> => {
    const query = new URLSearchParams();
    if (service !== "") query.set("service", service);
    if (cursor !== null) query.set("cursor", cursor);
    const answer = await fetch(`/api/s3/bucket/${encodeURIComponent(bucket)}/partitions?${query}`, {
      signal,
    });
    const body = (await answer.json()) as WalkWire & { detail?: string };
    if (!answer.ok) throw new Error(body.detail ?? String(answer.status));
    return { walk: walkFromWire(body), sampling: samplingFromWire(body), cursor: body.cursor };
  };

  const choose = (chosen: Metric): void => {
    metric = chosen;
    const url = new URL(location.href);
    url.searchParams.set("metric", chosen);
    history.replaceState(null, "", url);
  };

  const draw = (): void => {
    if (!state) return;
    const analysis = analyzePartitions(state.walk);
    const options = { bucket, metric, now: Date.now(), service: service || undefined };
    render(
      <HeatView
        heat={heatOf(analysis.cells, options)}
        coverage={coverageText(analysis)}
        isMore={state.cursor !== null}
        isBusy={under !== undefined}
        problem={problem}
        onMetric={(chosen) => {
          choose(chosen);
          draw();
        }}
        onContinue={() => void goOn()}
        onCancel={() => under?.abort()}
      />,
      heatIsland,
    );
    render(
      <FactsView
        bucket={bucket}
        title={title}
        hasService={service !== ""}
        analysis={analysis}
        sampling={state.sampling}
      />,
      factsIsland,
    );
  };

  const run = async (work: (signal: AbortSignal) => Promise<State>): Promise<void> => {
    if (under) return;
    under = new AbortController();
    problem = undefined;
    heatIsland.setAttribute("aria-busy", "true");
    draw();
    try {
      state = await work(under.signal);
    } catch (error) {
      const isMine = error instanceof DOMException && error.name === "AbortError";
      problem = isMine ? "stopped by you" : error instanceof Error ? error.message : "That failed.";
    }
    under = undefined;
    heatIsland.removeAttribute("aria-busy");
    draw();
    if (!state) location.reload();
  };

  const goOn = (): Promise<void> =>
    run(async (signal) => {
      const known = state ?? (await load(null, signal));
      if (known.cursor === null) return known;
      const more = await load(known.cursor, signal);
      return {
        walk: mergeWalks(known.walk, more.walk),
        sampling: mergeSamplings(known.sampling, more.sampling),
        cursor: more.cursor,
      };
    });

  startHeatKeys(heatIsland);
  // What the server drew stays until there is something to add to it.
  heatIsland.addEventListener("click", (event) => {
    if (state || !(event.target instanceof Element)) return;
    const tab = event.target.closest<HTMLElement>("[data-metric]:not([data-island])");
    const isMore = event.target.closest("[data-continue]") !== null;
    // A page that began in the middle of a walk has nothing before it to add to.
    if ((!tab && !isMore) || new URL(location.href).searchParams.has("cursor")) return;
    event.preventDefault();
    const chosen = METRICS.find((each) => each === tab?.dataset.metric);
    if (chosen) choose(chosen);
    event.target.textContent = "walking …";
    void (isMore ? goOn() : run((signal) => load(null, signal)));
  });
};

const [heat, facts] = ["partitions", "partition-facts"].map((name) =>
  document.querySelector<HTMLElement>(`[data-island="${name}"]`),
);
if (heat && facts) start(heat, facts);

for (const button of document.querySelectorAll<HTMLElement>("[data-copy]"))
  button.addEventListener("click", () => void copyText(button.dataset.copy ?? "", button));
