import { formatCount, showInvisible } from "../../shared/core/dashboard/format.ts";
import {
  formatField,
  LEVEL_NAMES,
  parseField,
} from "../../shared/core/dashboard/logs/log-filter.ts";
import { levelName, MARKS } from "./level-marks.ts";
import type { Viewer } from "./viewer.ts";

export const Mark = ({ level }: { level: number }) => {
  const [letter = "", path = ""] = MARKS[level] ?? [];
  return (
    <span class={`level tone-${levelName(level)}`}>
      {path === "" ? null : (
        <svg class="shape" viewBox="0 0 10 10" aria-hidden="true">
          <path d={path} />
        </svg>
      )}
      {letter}
    </span>
  );
};

export const termOf = (field: string, value: string, isNegated = false): string =>
  formatField({ field, operator: "=", value, isAny: false, isNegated });

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

const Levels = ({ viewer }: { viewer: Viewer }) => {
  const { view, filtered } = viewer.state;
  const chosen = view.lvl.split(",").filter(Boolean);
  const counts = filtered?.levelCounts ?? [];
  const highest = Math.max(1, ...counts);
  return (
    <section>
      <h3>level</h3>
      <ul>
        {LEVEL_NAMES.map((name, level) =>
          (counts[level] ?? 0) === 0 && !chosen.includes(name) ? null : (
            <li key={name}>
              <button
                type="button"
                class="facet-value"
                aria-pressed={chosen.includes(name) ? "true" : "false"}
                title={`Show ${name} only, or also`}
                onClick={() => viewer.actions.toggleLevel(name)}
              >
                <span class="facet-name">
                  <Mark level={level} /> {name === "none" ? "no level" : name}
                </span>
                <span class="facet-count">{formatCount(counts[level] ?? 0)}</span>
                <progress max={highest} value={counts[level] ?? 0} aria-hidden="true" />
              </button>
            </li>
          ),
        )}
      </ul>
    </section>
  );
};

/** What values fields have among the lines that pass, and how often; a click filters. */
export const FacetPanel = ({ viewer }: { viewer: Viewer }) => {
  const { filtered, view, invalidCount } = viewer.state;
  const { facets = [], common = [] } = filtered?.facets ?? {};
  const hidden = view.f.flatMap((text) => {
    try {
      const term = parseField(text);
      return term.isNegated && term.operator === "=" ? [{ ...term, text }] : [];
    } catch {
      return [];
    }
  });
  return (
    <aside class="log-facets" aria-label="Fields" id="log-facets">
      <Levels viewer={viewer} />
      {facets.map(({ path, values, distinct }) => (
        <section key={path}>
          <h3>
            {showInvisible(path)}
            {distinct > values.length ? <small>{formatCount(distinct)} values</small> : null}
          </h3>
          <ul>
            {values.map(({ value, count }) => (
              <li key={value}>
                <button
                  type="button"
                  class="facet-value"
                  title={`Only lines with ${path} = ${value}`}
                  onClick={() => viewer.actions.addField(termOf(path, value))}
                >
                  <span class="facet-name">{shorten(showInvisible(value)) || "(empty)"}</span>
                  <span class="facet-count">{formatCount(count)}</span>
                  <progress max={values[0]?.count ?? 1} value={count} aria-hidden="true" />
                </button>
                <button
                  type="button"
                  class="facet-not"
                  aria-label={`Without ${path} = ${value}`}
                  title="Filter out"
                  onClick={() => viewer.actions.addField(termOf(path, value, true))}
                >
                  ≠
                </button>
              </li>
            ))}
            {hidden
              .filter(({ field }) => field === path)
              .map(({ value, text }) => (
                <li key={text}>
                  <button
                    type="button"
                    class="facet-value is-out"
                    title="Show again"
                    onClick={() => viewer.actions.removeField(text)}
                  >
                    <span class="facet-name">{shorten(showInvisible(value))}</span>
                    <span class="facet-count">hidden</span>
                  </button>
                </li>
              ))}
          </ul>
        </section>
      ))}
      {invalidCount > 0 ? (
        <section>
          <h3>broken lines</h3>
          <button
            type="button"
            class="facet-value"
            onClick={() => {
              viewer.actions.typeQuery("is:invalid");
              viewer.actions.commitQuery();
            }}
          >
            <span class="facet-name">
              <b class="tone-warn">⚠</b> not JSON
            </span>
            <span class="facet-count">{formatCount(invalidCount)}</span>
          </button>
        </section>
      ) : null}
      {common.length > 0 ? (
        <section>
          <h3>only one value</h3>
          <dl class="facet-common">
            {common.map(({ path, value }) => (
              <div key={path}>
                <dt>{showInvisible(path)}</dt>
                <dd>{shorten(showInvisible(value))}</dd>
              </div>
            ))}
          </dl>
        </section>
      ) : null}
    </aside>
  );
};
