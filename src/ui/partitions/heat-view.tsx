import { formatCount } from "../../shared/core/dashboard/format.ts";
import {
  type Heat,
  heatClass,
  METRIC_LABELS,
  METRICS,
  type Metric,
} from "../../shared/core/dashboard/partitions/heat.ts";

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

export type HeatViewProps = {
  heat: Heat;
  coverage: string;
  isMore: boolean;
  isBusy: boolean;
  problem: string | undefined;
  onMetric: (metric: Metric) => void;
  onContinue: () => void;
  onCancel: () => void;
};

const Rows = ({ heat }: { heat: Heat }) => (
  <tbody>
    {heat.rows.map((row) =>
      row.kind === "silence" ? (
        <tr class="silence" key={row.date}>
          <th scope="row">{row.date}</th>
          <td colspan={25}>{formatCount(row.days)} days without objects</td>
        </tr>
      ) : (
        <tr key={row.date}>
          <th scope="row" title={row.date}>
            {row.label} <span>{row.date.slice(0, 7)}</span>
          </th>
          {row.cells.map((cell) => (
            <td key={cell.at}>
              {cell.state === "empty" && !cell.isCurrent ? null : (
                <a class={heatClass(cell)} href={cell.href} title={cell.label}>
                  <span class="hidden">{cell.label}</span>
                </a>
              )}
            </td>
          ))}
          <td class="sum">{row.sum}</td>
        </tr>
      ),
    )}
  </tbody>
);

/** The heat-map of everything that was walked so far. */
export const HeatView = (props: HeatViewProps) => {
  const { heat, coverage, isMore, isBusy, problem } = props;
  return (
    <>
      <div class="heat-head">
        <h2>{METRIC_LABELS[heat.metric]} by hour</h2>
        <p class="scale" aria-hidden="true">
          0 <i class="q1" />
          <i class="q2" />
          <i class="q3" />
          <i class="q4" />
          <i class="q5" /> {heat.largest}
        </p>
        <nav class="metric-tabs" aria-label="What the colour says">
          {METRICS.map((metric) => (
            <button
              type="button"
              key={metric}
              aria-pressed={metric === heat.metric ? "true" : "false"}
              onClick={() => props.onMetric(metric)}
            >
              {METRIC_LABELS[metric]}
            </button>
          ))}
        </nav>
      </div>
      <section class="heat-scroll" aria-label="Days by hours">
        <table class="heat">
          <thead>
            <tr>
              <th scope="col">UTC</th>
              {HOURS.map((hour) => (
                <th scope="col" key={hour}>
                  {hour}
                </th>
              ))}
              <th scope="col">day</th>
            </tr>
          </thead>
          <Rows heat={heat} />
        </table>
      </section>
      {heat.hiddenDays > 0 ? (
        <p class="note">
          {formatCount(heat.hiddenDays)} older days are not drawn; the API has them.
        </p>
      ) : null}
      <p class="cell-note" data-cell-note aria-live="polite" />
      <ul class="legend" aria-label="Legend">
        <li>
          <i class="is-gap" /> gap
        </li>
        <li>
          <i class="q2 is-crumbly" /> mostly small files
        </li>
        <li>
          <i class="is-current" /> current hour
        </li>
        <li>
          <i class="is-unwalked" /> not walked yet
        </li>
      </ul>
      <p class="coverage" data-coverage role="status">
        {coverage}
        {isMore || isBusy ? " · " : ""}
        {isBusy ? (
          <button type="button" class="button" onClick={props.onCancel}>
            Stop
          </button>
        ) : isMore ? (
          <button type="button" class="button" data-continue onClick={props.onContinue}>
            Continue
          </button>
        ) : null}
        {problem ? <span class="tone-error"> {problem}</span> : null}
      </p>
    </>
  );
};
