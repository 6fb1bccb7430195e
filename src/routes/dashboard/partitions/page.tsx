import type { FC, PropsWithChildren } from "hono/jsx";
import type { BackendError } from "../../../shared/core/dashboard/backend-error.ts";
import type { PartitionsRead } from "../../../shared/core/dashboard/buckets/bucket-reader.ts";
import type { Snippet } from "../../../shared/core/dashboard/buckets/commands.ts";
import type { BucketSettings } from "../../../shared/core/dashboard/buckets/ports.ts";
import { showInvisible } from "../../../shared/core/dashboard/format.ts";
import { coverageText, factsOf } from "../../../shared/core/dashboard/partitions/facts.ts";
import { heatOf, type Metric } from "../../../shared/core/dashboard/partitions/heat.ts";
import { decodeService } from "../../../shared/core/dashboard/partitions/layout.ts";
import { partitionsHref, viewerHref } from "../../../shared/core/dashboard/partitions/links.ts";
import { partitionQueries } from "../../../shared/core/dashboard/partitions/queries.ts";
import { encodeWalkCursor } from "../../../shared/core/dashboard/partitions/walk-cursor-text.ts";
import { missingAction } from "../buckets/denied.ts";
import { PlaceHead } from "../buckets/place-head.tsx";
import { Shape } from "../components.tsx";
import { bucketLink } from "../links.ts";
import { HeatLegend, HeatMap, MetricTabs } from "./heat-map.tsx";
import { DriftList, FactList, GapList, LevelTree } from "./side.tsx";

export type PartitionsPageProps = {
  bucket: string;
  service: string | undefined;
  metric: Metric;
  isContinued: boolean;
  read: { ok: true; value: PartitionsRead } | { ok: false; error: BackendError };
  /** Prefixes of the services there are, where only one was walked. */
  folders: readonly string[];
  storage: BucketSettings;
  now: number;
};

const Walked: FC<PropsWithChildren<PartitionsPageProps & { value: PartitionsRead }>> = ({
  bucket,
  service,
  metric,
  isContinued,
  value: { analysis, sampling },
  folders,
  now,
  children,
}) => {
  const heat = heatOf(analysis.cells, { bucket, metric, now, service });
  const { next } = analysis.walk;
  const isEmpty = analysis.cells.length === 0;
  return (
    <>
      <LevelTree
        bucket={bucket}
        service={service}
        metric={metric}
        analysis={analysis}
        folders={folders}
      />
      <div class="heat-column">
        <div
          data-island="partitions"
          data-bucket={bucket}
          data-service={service ?? ""}
          data-metric={metric}
        >
          <MetricTabs bucket={bucket} service={service} heat={heat} />
          {isEmpty ? (
            <p class="empty">
              No key {service ? "of this service" : "of this bucket"} begins with
              service=…/year=…/month=…/day=…/.
            </p>
          ) : (
            <HeatMap heat={heat} />
          )}
          <p class="cell-note" data-cell-note aria-live="polite" />
          <HeatLegend />
          <p class="coverage" data-coverage>
            {isContinued ? "This part of the walk only: " : ""}
            {coverageText(analysis)}
            {next ? (
              <>
                {" · "}
                <a
                  class="link"
                  href={partitionsHref(bucket, { service, metric, cursor: encodeWalkCursor(next) })}
                  data-continue
                >
                  Continue
                </a>
              </>
            ) : null}
          </p>
        </div>
        {children}
      </div>
      <aside class="facts-column" data-island="partition-facts" aria-label="Figures">
        <h2>{service ? showInvisible(decodeService(service)) : "All services"}</h2>
        <FactList facts={factsOf(analysis, now)} />
        <GapList bucket={bucket} gaps={analysis.gaps.ranges} />
        <DriftList sampling={sampling} hasService={service !== undefined} />
      </aside>
    </>
  );
};

const Failed: FC<{ bucket: string; service: string | undefined; error: BackendError }> = ({
  bucket,
  service,
  error,
}) => {
  const action = missingAction(error, "s3:ListBucket");
  return (
    <div class="failure" role="alert" data-failure>
      <Shape name="error" />
      <div>
        <p>
          {action ? (
            <>
              S3 refused ({error.code}). The dashboard's role lacks <code>{action}</code> on{" "}
              <code>{bucket}</code>.
            </>
          ) : (
            error.message
          )}
        </p>
        <p>
          <a class="button" href={partitionsHref(bucket, { service })}>
            Try again
          </a>
        </p>
      </div>
    </div>
  );
};

const QueryList: FC<{ queries: readonly Snippet[] }> = ({ queries }) => (
  <section class="section queries">
    <h2>Query this range</h2>
    {queries.map(({ name, text }) => (
      <details>
        <summary>{name}</summary>
        <button type="button" class="button" data-copy={text}>
          Copy
        </button>
        <pre>{text}</pre>
      </details>
    ))}
  </section>
);

export const PartitionsPage: FC<PartitionsPageProps> = (props) => {
  const { bucket, service, read, storage } = props;
  const prefix = service === undefined ? "" : `service=${service}/`;
  const newest = read.ok ? read.value.analysis.dates.at(-1) : undefined;
  const queries = partitionQueries(
    { bucket, endpoint: storage.endpoint, region: storage.region },
    { database: storage.database, kind: storage.tables[bucket] ?? "logs" },
    { service, day: newest },
  );
  return (
    <>
      <PlaceHead
        title={`Partitions of ${bucket}`}
        tab="partitions"
        bucket={bucket}
        prefix={prefix}
        crumbs={[
          { label: "buckets", href: "/buckets" },
          { label: bucket, href: bucketLink(bucket) },
          ...(service === undefined
            ? []
            : [
                {
                  label: showInvisible(`service=${decodeService(service)}`),
                  href: bucketLink(bucket, { prefix }),
                },
              ]),
          { label: "partitions" },
        ]}
      >
        {queries.slice(0, 1).map(({ name, text }) => (
          <button type="button" class="button" data-copy={text}>
            {name}
          </button>
        ))}
        <a class="button" href={viewerHref(bucket, { prefix })}>
          Open in viewer
        </a>
      </PlaceHead>
      <div class="partitions">
        {read.ok ? (
          <Walked {...props} value={read.value}>
            <QueryList queries={queries} />
          </Walked>
        ) : (
          <Failed bucket={bucket} service={service} error={read.error} />
        )}
      </div>
    </>
  );
};
