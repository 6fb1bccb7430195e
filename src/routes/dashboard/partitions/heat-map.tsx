import type { FC } from "hono/jsx";
import { formatCount } from "../../../shared/core/dashboard/format.ts";
import {
  type Heat,
  heatClass,
  METRIC_LABELS,
  METRICS,
} from "../../../shared/core/dashboard/partitions/heat.ts";
import { partitionsHref } from "../../../shared/core/dashboard/partitions/links.ts";

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

/** The page's own drawing; src/ui/partitions draws the same once there is more to add. */
export const HeatMap: FC<{ heat: Heat }> = ({ heat: { rows, hiddenDays } }) => (
  <>
    <section class="heat-scroll" tabindex={0} aria-label="Days by hours">
      <table class="heat">
        <thead>
          <tr>
            <th scope="col">UTC</th>
            {HOURS.map((hour) => (
              <th scope="col">{hour}</th>
            ))}
            <th scope="col">day</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) =>
            row.kind === "silence" ? (
              <tr class="silence">
                <th scope="row">{row.date}</th>
                <td colspan={25}>{formatCount(row.days)} days without objects</td>
              </tr>
            ) : (
              <tr>
                <th scope="row" title={row.date}>
                  {row.label} <span>{row.date.slice(0, 7)}</span>
                </th>
                {row.cells.map((cell) => (
                  <td>
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
      </table>
    </section>
    {hiddenDays > 0 ? (
      <p class="note">{formatCount(hiddenDays)} older days are not drawn; the API has them.</p>
    ) : null}
  </>
);

export const MetricTabs: FC<{ bucket: string; service: string | undefined; heat: Heat }> = ({
  bucket,
  service,
  heat,
}) => (
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
        <a
          href={partitionsHref(bucket, { service, metric })}
          data-metric={metric}
          aria-current={metric === heat.metric ? "true" : undefined}
        >
          {METRIC_LABELS[metric]}
        </a>
      ))}
    </nav>
  </div>
);

export const HeatLegend: FC = () => (
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
);
