import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import { formatDuration } from "../../../shared/core/dashboard/format.ts";
import type { HistoryPoint } from "../../../shared/core/dashboard/history/history.ts";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import { Count, Failure, Section, Table, Unknown } from "../components.tsx";
import type { StreamsDeps } from "./deps.ts";
import { tabLink } from "./links.ts";
import type { TabBody } from "./tabs.tsx";

const RANGES = { "15": 10, "60": 30, "180": 60 } as const;
const NOBODY = "Nobody said within this step.";

const isRange = (text: string | undefined): text is keyof typeof RANGES =>
  text !== undefined && Object.hasOwn(RANGES, text);

const isKnown = ({ accepted, landed, lagMs }: HistoryPoint): boolean =>
  accepted !== null || landed !== null || lagMs !== null;

/** What came in, what landed and how far behind, over time; the figures stand below as a table. */
export const chartsTab = async (
  { history }: StreamsDeps,
  { description }: StreamDetail,
  query: Readonly<Record<string, string>>,
): Promise<TabBody> => {
  const range = isRange(query.range) ? query.range : "60";
  const stepMs = RANGES[range] * 1_000;
  if (!history) return { body: <Failure message="Nobody keeps a history here." />, isStill: true };
  const read = await attempt(() => history.read({ minutes: Number(range), stepMs }));
  if (!read.ok) return { body: <Failure message={read.error.message} /> };
  const known = read.value.points.filter(isKnown);
  const props = { stream: description.name, minutes: Number(range), step: stepMs / 1_000 };
  return {
    scripts: ["streams-charts"],
    body: (
      <Section
        title="Over time"
        note={
          <span class="ranges">
            {Object.keys(RANGES).map((minutes) => (
              <>
                <a
                  href={tabLink(description.name, "charts", { range: minutes })}
                  aria-current={minutes === range ? "true" : undefined}
                >
                  {minutes === "180" ? "3 h" : `${minutes} min`}
                </a>{" "}
              </>
            ))}
          </span>
        }
      >
        {known.length === 0 ? (
          <p class="empty">Nothing was sampled yet; the first points show within a minute.</p>
        ) : null}
        <div data-island="streams-charts" data-props={JSON.stringify(props)} />
        <details>
          <summary>As a table</summary>
          <Table
            caption="In, landed and behind in each step"
            columns={[
              { label: "From" },
              { label: "In, both streams", isNumber: true },
              { label: "Landed, both streams", isNumber: true },
              { label: "Behind, worst shard", isNumber: true },
            ]}
            rows={[...known].reverse().map(({ at, accepted, landed, lagMs }) => ({
              cells: [
                <time datetime={new Date(at).toISOString()}>
                  {`${new Date(at).toISOString().slice(11, 19)}Z`}
                </time>,
                <Count value={accepted} reason={NOBODY} />,
                <Count value={landed} reason={NOBODY} />,
                lagMs === null ? <Unknown reason={NOBODY} /> : formatDuration(lagMs),
              ],
            }))}
            empty="Nothing was sampled yet."
          />
        </details>
      </Section>
    ),
  };
};
