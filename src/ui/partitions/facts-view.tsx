import { formatCount, showInvisible } from "../../shared/core/dashboard/format.ts";
import type { PartitionAnalysis } from "../../shared/core/dashboard/partition-analysis.ts";
import { driftText, factsOf, gapText } from "../../shared/core/dashboard/partitions/facts.ts";
import { HOUR_MS } from "../../shared/core/dashboard/partitions/layout.ts";
import { viewerHref } from "../../shared/core/dashboard/partitions/links.ts";
import type { Sampling } from "../../shared/core/dashboard/partitions/sampling.ts";
import { findDrift } from "../../shared/core/dashboard/partitions/schema-drift.ts";

const MAX_SHOWN = 12;
const MARKS = { ok: "●", warn: "▲" } as const;

/** The figures of everything that was walked so far. */
export const FactsView = ({
  bucket,
  title,
  hasService,
  analysis,
  sampling,
}: {
  bucket: string;
  title: string;
  hasService: boolean;
  analysis: PartitionAnalysis;
  sampling: Sampling;
}) => {
  const gaps = [...analysis.gaps.ranges].reverse();
  const drift = findDrift(sampling.samples);
  return (
    <>
      <h2>{title}</h2>
      <dl class="fact-list">
        {factsOf(analysis, Date.now()).map(({ label, value, note, tone }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <b class={tone ? `tone-${tone}` : ""}>
                {tone ? <span aria-hidden="true">{MARKS[tone]} </span> : null}
                {value ?? "n/a"}
              </b>
              {note ? <small>{note}</small> : null}
            </dd>
          </div>
        ))}
      </dl>
      <section class="side-list">
        <h2>Gaps</h2>
        {gaps.length === 0 ? <p class="note">None in what was walked.</p> : null}
        <ul>
          {gaps.slice(0, MAX_SHOWN).map((gap) => (
            <li key={`${gap.service} ${gap.from}`}>
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
      <section class="side-list">
        <h2>Schema drift</h2>
        <p class="note">
          {formatCount(sampling.samples.length)} of {formatCount(sampling.candidates)} hours
          sampled, 1 line each{drift.length === 0 ? ": no field changed." : ""}
        </p>
        <ul>
          {drift.slice(0, MAX_SHOWN).map((each) => (
            <li key={`${each.service} ${each.field} ${each.kind}`}>
              <span>
                <code>{showInvisible(each.field)}</code>{" "}
                {hasService ? null : <span class="muted">{showInvisible(each.service)}</span>}
              </span>
              <small>{driftText(each)}</small>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
};
