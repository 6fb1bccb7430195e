import type { FC } from "hono/jsx";
import { formatBytes, formatCount, showInvisible } from "../../../shared/core/dashboard/format.ts";
import type { PartitionAnalysis } from "../../../shared/core/dashboard/partition-analysis.ts";
import type { DayCell } from "../../../shared/core/dashboard/partition-walk.ts";
import { Ago, Bytes, Count, Facts, Section, Unknown } from "../components.tsx";
import { Crumbs } from "../frame/layout.tsx";
import { bucketLink } from "../links.ts";

/** Newest dates shown side by side; the API has them all. */
const MAX_DATES = 31;
const MAX_SERVICES = 200;
const NOT_WALKED = "Not looked at: the budget of this page was used up.";

const STOPPED: Readonly<Record<PartitionAnalysis["coverage"]["stoppedBy"], string>> = {
  end: "all of it",
  calls: "stopped by its budget of list calls",
  time: "stopped by its time budget",
};

/** One of five steps up to the largest day. */
const stepOf = (bytes: number, largest: number): number =>
  largest === 0 ? 1 : Math.max(1, Math.ceil((bytes / largest) * 5));

const Cell: FC<{ bucket: string; cell: DayCell | undefined; largest: number }> = ({
  bucket,
  cell,
  largest,
}) => {
  if (!cell) return <td class="q0" />;
  const { tally } = cell;
  return (
    <td class={tally ? `q${stepOf(tally.bytes, largest)}` : "q0"}>
      <a href={bucketLink(bucket, { prefix: cell.prefix })}>
        {tally ? (
          <>
            {formatCount(tally.objects, tally.isComplete)}
            <small>{formatBytes(tally.bytes)}</small>
          </>
        ) : (
          <Unknown reason={NOT_WALKED} />
        )}
      </a>
    </td>
  );
};

export const PartitionsPage: FC<{ bucket: string; analysis: PartitionAnalysis; now: number }> = ({
  bucket,
  analysis,
  now,
}) => {
  const { levels, stats, gaps, coverage } = analysis;
  const dates = analysis.dates.slice(-MAX_DATES).reverse();
  const services = analysis.services.slice(0, MAX_SERVICES);
  const cells = new Map(analysis.cells.map((cell) => [`${cell.date} ${cell.service}`, cell]));
  const largest = Math.max(0, ...analysis.cells.map(({ tally }) => tally?.bytes ?? 0));
  const none = "No object was looked at.";
  return (
    <>
      <Crumbs
        items={[
          { label: "buckets", href: "/buckets" },
          { label: bucket, href: bucketLink(bucket) },
          { label: "partitions" },
        ]}
      />
      <div class="page-head">
        <h1>Partitions of {bucket}</h1>
        <div class="end">
          <a class="button" href={bucketLink(bucket)}>
            Objects
          </a>
        </div>
      </div>
      <Facts
        facts={[
          [
            "Objects",
            <Count value={analysis.totalObjects} isComplete={analysis.isComplete} reason="" />,
          ],
          [
            "Size",
            <Bytes value={analysis.totalBytes} isComplete={analysis.isComplete} reason="" />,
          ],
          ["Services", formatCount(levels.service)],
          ["Days", formatCount(levels.day)],
          ["Object size, median", <Bytes value={stats?.median} reason={none} />],
          ["Largest object", <Bytes value={stats?.largest} reason={none} />],
          ["Under 1 MB", <Count value={stats?.smallObjects} reason={none} />],
          [
            "Skew of hours",
            stats?.skew ? (
              <span title="Largest hour over the median one">{stats.skew.toFixed(1)}×</span>
            ) : (
              <Unknown reason={none} />
            ),
          ],
          ["Missing hours", formatCount(gaps.count)],
          ["Outside the layout", formatCount(analysis.unpartitionedObjects)],
        ]}
      />
      <Section
        title="Services by day"
        note={`${formatCount(coverage.walked)} of ${formatCount(coverage.known)} service days counted with ${formatCount(coverage.listCalls)} list calls, ${STOPPED[coverage.stoppedBy]}`}
      >
        {services.length === 0 ? (
          <p class="empty">No key of this bucket begins with service=…/year=…/month=…/day=…/.</p>
        ) : (
          <section class="scroll" tabindex={0} aria-label="Services by day">
            <table class="heat">
              <thead>
                <tr>
                  <th scope="col">
                    <span class="hidden">Service</span>
                  </th>
                  {dates.map((date) => (
                    <th scope="col">{date}</th>
                  ))}
                  <th scope="col">Objects</th>
                  <th scope="col">Size</th>
                  <th scope="col">Newest</th>
                </tr>
              </thead>
              <tbody>
                {services.map((service) => (
                  <tr>
                    <th scope="row" class="mono" title={showInvisible(service.service)}>
                      {showInvisible(service.service)}
                    </th>
                    {dates.map((date) => (
                      <Cell
                        bucket={bucket}
                        cell={cells.get(`${date} ${service.service}`)}
                        largest={largest}
                      />
                    ))}
                    <td class="sum">{formatCount(service.objects, service.isComplete)}</td>
                    <td class="sum">
                      <Bytes value={service.bytes} isComplete={service.isComplete} reason="" />
                    </td>
                    <td class="sum">
                      <Ago time={service.newest} now={now} reason={NOT_WALKED} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
        {analysis.dates.length > dates.length || analysis.services.length > services.length ? (
          <p class="pager">
            Shown are the newest {dates.length} of {formatCount(analysis.dates.length)} days and{" "}
            {services.length} of {formatCount(analysis.services.length)} services. The API answers
            with all.
          </p>
        ) : null}
      </Section>
    </>
  );
};
