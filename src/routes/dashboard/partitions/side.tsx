import type { FC } from "hono/jsx";
import { formatCount, showInvisible } from "../../../shared/core/dashboard/format.ts";
import type { PartitionAnalysis } from "../../../shared/core/dashboard/partition-analysis.ts";
import { driftText, type Fact, gapText } from "../../../shared/core/dashboard/partitions/facts.ts";
import type { Gap } from "../../../shared/core/dashboard/partitions/gaps.ts";
import { groupBy } from "../../../shared/core/dashboard/partitions/group-by.ts";
import {
  decodeService,
  HOUR_MS,
  LEVELS,
} from "../../../shared/core/dashboard/partitions/layout.ts";
import {
  browserHref,
  partitionsHref,
  viewerHref,
} from "../../../shared/core/dashboard/partitions/links.ts";
import type { Sampling } from "../../../shared/core/dashboard/partitions/sampling.ts";
import { findDrift } from "../../../shared/core/dashboard/partitions/schema-drift.ts";
import { Shape, Unknown } from "../components.tsx";

const MAX_SHOWN = 12;
const MAX_SERVICES = 200;

export const FactList: FC<{ facts: readonly Fact[] }> = ({ facts }) => (
  <dl class="fact-list">
    {facts.map(({ label, value, note, tone }) => (
      <div>
        <dt>{label}</dt>
        <dd>
          <b class={tone === "warn" ? "tone-warn" : undefined}>
            {tone ? <Shape name={tone} /> : null}{" "}
            {value ?? <Unknown reason={note ?? "not known"} />}
          </b>
          {note && value !== undefined ? <small>{note}</small> : null}
        </dd>
      </div>
    ))}
  </dl>
);

export const GapList: FC<{ bucket: string; gaps: readonly Gap[] }> = ({ bucket, gaps }) => (
  <section class="side-list">
    <h2>Gaps</h2>
    {gaps.length === 0 ? <p class="note">None in what was walked.</p> : null}
    <ul>
      {[...gaps]
        .reverse()
        .slice(0, MAX_SHOWN)
        .map((gap) => (
          <li>
            <a
              href={viewerHref(bucket, {
                prefix: `service=${encodeURIComponent(gap.service)}/`,
                from: gap.from - HOUR_MS,
                to: gap.to + HOUR_MS,
              })}
            >
              <code>{showInvisible(gap.service)}</code>
            </a>
            <small>{gapText(gap)}</small>
          </li>
        ))}
    </ul>
    {gaps.length > MAX_SHOWN ? (
      <p class="note">and {formatCount(gaps.length - MAX_SHOWN)} older ones</p>
    ) : null}
  </section>
);

export const DriftList: FC<{ sampling: Sampling; hasService: boolean }> = ({
  sampling,
  hasService,
}) => {
  const drift = findDrift(sampling.samples);
  return (
    <section class="side-list">
      <h2>Schema drift</h2>
      <p class="note">
        {formatCount(sampling.samples.length)} of {formatCount(sampling.candidates)} hours sampled,
        1 line each
        {sampling.unreadable > 0 ? `; ${sampling.unreadable} could not be read` : ""}
        {drift.length === 0 ? ": no field changed." : ""}
      </p>
      <ul>
        {drift.slice(0, MAX_SHOWN).map((each) => (
          <li>
            <span>
              <code>{showInvisible(each.field)}</code>{" "}
              {hasService ? null : <span class="muted">{showInvisible(each.service)}</span>}
            </span>
            <small>{driftText(each)}</small>
          </li>
        ))}
      </ul>
      {drift.length > MAX_SHOWN ? (
        <p class="note">and {drift.length - MAX_SHOWN} more in the API</p>
      ) : null}
    </section>
  );
};

const encodedService = (prefix: string): string =>
  prefix.slice("service=".length, prefix.indexOf("/"));

/** Levels with how many values each has, and below them the services. */
export const LevelTree: FC<{
  bucket: string;
  service: string | undefined;
  metric: string;
  analysis: PartitionAnalysis;
  folders: readonly string[];
}> = ({ bucket, service, metric, analysis, folders }) => {
  const plus = analysis.isComplete ? "" : "+";
  const walked = groupBy(analysis.cells, ({ prefix }) => encodedService(prefix));
  for (const folder of folders)
    if (!walked.has(encodedService(folder))) walked.set(encodedService(folder), []);
  const services = [...walked].sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <nav class="tree" aria-label="Levels">
      <h2>Levels</h2>
      <p class="levels">
        {LEVELS.map((level) => (
          <span>
            {level} <b>{formatCount(analysis.levels[level])}</b>
          </span>
        ))}
      </p>
      <ul>
        <li>
          <a
            href={partitionsHref(bucket, { metric })}
            aria-current={service === undefined ? "true" : undefined}
          >
            <code>{bucket}</code>
            {service === undefined ? (
              <span>
                {formatCount(analysis.totalObjects)}
                {plus}
              </span>
            ) : null}
          </a>
        </li>
        {services.slice(0, MAX_SERVICES).map(([encoded, days]) => {
          const objects = days.reduce((total, { tally }) => total + (tally?.objects ?? 0), 0);
          const isWhole = days.every(({ tally }) => tally?.isComplete);
          const months = groupBy(days, ({ date }) => date.slice(0, 7));
          return (
            <li>
              <a
                class="tree-service"
                href={partitionsHref(bucket, { service: encoded, metric })}
                aria-current={service === encoded ? "true" : undefined}
              >
                <code>{showInvisible(decodeService(encoded))}</code>
                {days.length === 0 ? null : <span>{formatCount(objects, isWhole)}</span>}
              </a>
              {service === encoded ? (
                <ul>
                  {[...months].map(([month, ofMonth]) => (
                    <li>
                      <a
                        class="tree-month"
                        href={browserHref(
                          bucket,
                          `service=${encoded}/year=${month.slice(0, 4)}/month=${month.slice(5)}/`,
                        )}
                      >
                        <code>{month}</code>
                        <span>
                          {ofMonth.length} {ofMonth.length === 1 ? "day" : "days"}
                        </span>
                      </a>
                    </li>
                  ))}
                </ul>
              ) : null}
            </li>
          );
        })}
      </ul>
      {services.length > MAX_SERVICES ? (
        <p class="note">{formatCount(services.length - MAX_SERVICES)} more services in the API</p>
      ) : null}
    </nav>
  );
};
