import { useEffect, useRef, useState } from "hono/jsx/dom";
import { formatBytes, formatCount, showInvisible } from "../../shared/core/dashboard/format.ts";
import { duckDbQuery } from "../../shared/core/dashboard/logs/copy-as.ts";
import type { LogView } from "../../shared/core/dashboard/logs/log-view.ts";
import { Details } from "./details.tsx";
import { FacetPanel } from "./facets.tsx";
import { Histogram } from "./histogram.tsx";
import { mountList } from "./list.ts";
import { Menu } from "./menu.tsx";
import { rawUrl, type Viewer } from "./viewer.ts";

const Chip = ({ text, onRemove }: { text: string; onRemove: () => void }) => (
  <li class="log-chip">
    <span>{showInvisible(text)}</span>
    <button type="button" aria-label={`Remove ${text}`} onClick={onRemove}>
      ✕
    </button>
  </li>
);

const chipText = (term: string): string =>
  term.replace(
    /^(-?)((?:[^:\\]|\\.)+):([\s\S]*)$/,
    (_all, minus: string, name: string, value: string) => {
      const operator = /^(>=|<=|>|<)/.exec(value)?.[0] ?? "";
      const sign = operator || (minus ? "≠" : "=");
      return `${minus && operator ? "not " : ""}${name} ${sign} ${value.slice(operator.length)}`;
    },
  );

const Chips = ({ viewer }: { viewer: Viewer }) => {
  const { view } = viewer.state;
  const { actions } = viewer;
  const plain: [string, Partial<LogView>][] = [];
  if (view.lvl !== "") plain.push([`level ${view.lvl.replaceAll(",", ", ")}`, { lvl: "" }]);
  if (view.not !== "") plain.push([`without ${view.not}`, { not: "" }]);
  if (view.re !== "") plain.push([`/${view.re}/`, { re: "" }]);
  return (
    <ul class="chips" aria-label="Filters">
      {plain.map(([text, patch]) => (
        <Chip key={text} text={text} onRemove={() => actions.clear(patch)} />
      ))}
      {view.f.map((term) => (
        <Chip key={term} text={chipText(term)} onRemove={() => actions.removeField(term)} />
      ))}
    </ul>
  );
};

const FilterBar = ({ viewer }: { viewer: Viewer }) => {
  const { view, filterProblem } = viewer.state;
  return (
    <div class="log-filter">
      <svg viewBox="0 0 16 16" aria-hidden="true" class="log-glass">
        <circle cx="7" cy="7" r="4.5" />
        <path d="m10.5 10.5 3.5 3.5" />
      </svg>
      <Chips viewer={viewer} />
      <input
        type="search"
        data-filter
        aria-label="Filter lines"
        aria-describedby="log-filter-problem"
        aria-invalid={filterProblem === "" ? "false" : "true"}
        placeholder={'words  "a phrase"  -not  /pattern/  field:value'}
        value={view.q}
        autocomplete="off"
        spellcheck={false}
        onInput={(event: Event) =>
          viewer.actions.typeQuery((event.target as HTMLInputElement).value)
        }
        onKeyDown={(event: KeyboardEvent) => {
          if (event.key === "Enter") viewer.actions.commitQuery();
          if (event.key === "Escape") {
            event.stopPropagation();
            if (view.q === "") document.querySelector<HTMLElement>(".log-list")?.focus();
            else viewer.actions.typeQuery("");
          }
        }}
      />
      <kbd>/</kbd>
    </div>
  );
};

const Banner = ({ viewer }: { viewer: Viewer }) => {
  const { range, window: large, phase, view, lineCount } = viewer.state;
  if (range !== undefined && phase !== "loading" && (range.hasOlder || range.failed > 0))
    return (
      <p class="log-banner" role="status">
        Loaded {formatCount(range.objects)} objects, {formatBytes(range.bytes)}
        {range.oldestHour === undefined
          ? ""
          : `, back to ${range.oldestHour.slice(0, 16).replace("T", " ")} UTC`}
        {range.hasOlder ? "; older ones were not loaded. " : ". "}
        {range.failed > 0
          ? `${formatCount(range.failed)} could not be loaded: ${range.reason} `
          : ""}
        {range.hasOlder ? (
          <button type="button" class="link-button" onClick={() => void viewer.actions.loadOlder()}>
            Load more
          </button>
        ) : null}
      </p>
    );
  if (large !== undefined) {
    const { props } = viewer;
    const first = view.windowFrom;
    const at = (line: number, byte: number) =>
      `/logs/${encodeURIComponent(props.bucket)}?key=${encodeURIComponent(props.key ?? "")}${line > 1 ? `&win=${line}&at=${byte}` : ""}`;
    return (
      <p class="log-banner" role="status">
        This object is too large to be loaded whole: these are lines {formatCount(first)} –{" "}
        {formatCount(first + lineCount - 1)}, and filters see only them.{" "}
        {large.next === null ? null : (
          <a class="link" href={at(large.next.line, large.next.byte)}>
            Next lines
          </a>
        )}{" "}
        {first > 1 ? (
          <a class="link" href={at(1, 0)}>
            From the first
          </a>
        ) : null}
      </p>
    );
  }
  return null;
};

const Status = ({ viewer }: { viewer: Viewer }) => {
  const { phase, filtered, lineCount, loadedBytes, filterProblem, range, isFiltering } =
    viewer.state;
  if (phase === "loading" && filtered === undefined)
    return (
      <p class="log-status">
        Loading{" "}
        {range
          ? `${formatCount(range.objects)} objects, ${formatBytes(range.bytes)}`
          : formatBytes(loadedBytes)}{" "}
        …
      </p>
    );
  if (filterProblem !== "")
    return (
      <p class="log-status tone-error" id="log-filter-problem" role="alert">
        {filterProblem}
      </p>
    );
  return (
    <p class="log-status" id="log-filter-problem">
      <b>{formatCount(filtered?.hits.length ?? 0)}</b> of {formatCount(lineCount)} lines
      <span class="muted">
        {" "}
        · {isFiltering ? "…" : `${((filtered?.tookMs ?? 0) / 1_000).toFixed(2)} s`}
      </span>
    </p>
  );
};

const Tools = ({ viewer, onFacets }: { viewer: Viewer; onFacets: () => void }) => {
  const { view, isFollowing, range } = viewer.state;
  const { actions, props, isRange } = viewer;
  const copy = (text: string, what: string) => () => void actions.copy(text, what);
  const target = props.key ?? props.prefix ?? "";
  const pressed = (isOn: boolean) => (isOn ? ("true" as const) : ("false" as const));
  const search = new URLSearchParams({ bucket: props.bucket, q: view.q });
  if (props.prefix) search.set("prefix", props.prefix);
  return (
    <div class="log-tools">
      <button type="button" class="button narrow-only" onClick={onFacets}>
        Fields
      </button>
      {isRange ? (
        <button
          type="button"
          class="button"
          aria-pressed={pressed(isFollowing)}
          disabled={view.to !== ""}
          title={
            view.to === ""
              ? "Looks for new objects every 5 s"
              : "This range has an end: zoom out to follow"
          }
          onClick={() => actions.toggleFollow()}
        >
          {isFollowing ? "Following" : "Follow"}
        </button>
      ) : null}
      <button
        type="button"
        class="button"
        onClick={() => actions.toggleOrder()}
        title="Order of the lines"
      >
        {view.order === "asc" ? "Oldest first" : "Newest first"}
      </button>
      <button
        type="button"
        class="button"
        aria-pressed={pressed(view.isWrapped)}
        onClick={() => actions.toggleWrap()}
      >
        Wrap
      </button>
      <Menu
        label="Copy as"
        items={[
          ["Link to this view", () => void actions.copy(viewer.permalink(), "a link to this view")],
          ...(props.key === undefined
            ? [
                [
                  "curl, search",
                  copy(
                    `curl '${location.origin}/api/search?${search.toString().replaceAll("'", "%27")}'`,
                    "a curl command",
                  ),
                ] as const,
              ]
            : [
                [
                  "curl, the object",
                  copy(
                    `curl -OJ '${location.origin}${rawUrl(props.bucket, props.key).replaceAll("'", "%27")}'`,
                    "a curl command",
                  ),
                ] as const,
              ]),
          ["DuckDB", copy(duckDbQuery(props.bucket, target), "a query")],
        ]}
      />
      <Menu
        label="Download"
        items={[
          ["JSON lines, as stored", () => void actions.download("jsonl")],
          ["CSV", () => void actions.download("csv")],
          ["Text", () => void actions.download("txt")],
        ]}
      />
      {range === undefined ? null : (
        <span class="hidden">{formatCount(range.objects)} objects</span>
      )}
    </div>
  );
};

const Empty = ({ viewer }: { viewer: Viewer }) => {
  const { lineCount, filtered, view, phase } = viewer.state;
  if (phase !== "ready" || filtered === undefined || filtered.hits.length > 0) return null;
  return (
    <div class="log-empty">
      <h2>{lineCount === 0 ? "There is no line here" : "No line passes these filters"}</h2>
      <p class="muted">
        {lineCount === 0
          ? "The object, or every object of this range, is empty."
          : `Looked at all ${formatCount(lineCount)} lines that are loaded.`}
      </p>
      {lineCount === 0 ? null : (
        <button
          type="button"
          class="button"
          onClick={() =>
            viewer.actions.clear({ q: "", not: "", re: "", lvl: "", f: [], from: "", to: "" })
          }
        >
          Clear all filters
        </button>
      )}
      {view.q === "" ? null : (
        <a
          class="link"
          href={`/search?${new URLSearchParams({ bucket: viewer.props.bucket, q: view.q })}`}
        >
          Search the whole bucket
        </a>
      )}
    </div>
  );
};

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "filter"],
  ["j k", "line"],
  ["e", "next error"],
  ["c", "lines around"],
  ["Enter", "details"],
  ["y", "copy"],
  ["G", "end"],
  ["?", "all keys"],
];

const Footer = () => (
  <footer class="log-keys">
    {KEYS.map(([keys, does]) => (
      <span key={keys}>
        {keys.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}{" "}
        {does}
      </span>
    ))}
  </footer>
);

/** Says at most every 5 s how many lines pass; the list itself is silent. */
const Announcer = ({ viewer }: { viewer: Viewer }) => {
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = setInterval(() => {
      const { filtered, lineCount, phase } = viewer.state;
      if (phase !== "ready" || filtered === undefined) return;
      setSaid(`${formatCount(filtered.hits.length)} of ${formatCount(lineCount)} lines`);
    }, 5_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="hidden" role="status">
      {said}
    </p>
  );
};

/** The log viewer. */
export const App = ({ viewer }: { viewer: Viewer }) => {
  const [, redraw] = useState(0);
  const [showsFacets, setShowsFacets] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let queued = false;
    let version = 0;
    return viewer.subscribe(() => {
      if (queued) return;
      queued = true;
      queueMicrotask(() => {
        queued = false;
        version += 1;
        redraw(version);
      });
    }) as () => void;
  }, []);
  useEffect(() => {
    const scroller = list.current;
    if (!scroller) return;
    const unmount = mountList(scroller, viewer);
    void viewer.start();
    return unmount;
  }, []);
  const { state } = viewer;
  const { filtered, detail, fresh, view } = state;
  const isDetailed = state.isDetailOpen && detail !== undefined;
  return (
    <div
      class={`log-app${isDetailed ? " has-details" : ""}${showsFacets ? " has-facets" : ""}`}
      data-phase={state.phase}
    >
      <div class="log-bar">
        <FilterBar viewer={viewer} />
        <Status viewer={viewer} />
        <Tools viewer={viewer} onFacets={() => setShowsFacets(!showsFacets)} />
      </div>
      {state.phase === "failed" ? (
        <p class="failure" role="alert">
          {state.problem}
        </p>
      ) : null}
      <Banner viewer={viewer} />
      {filtered?.histogram ? <Histogram viewer={viewer} data={filtered.histogram} /> : null}
      {filtered !== undefined && filtered.histogram === null && filtered.total > 0 ? (
        <p class="muted log-notime">No line states a time, so there is no histogram.</p>
      ) : null}
      <div class="log-body">
        <FacetPanel viewer={viewer} />
        <div class="log-main">
          <div
            ref={list}
            class={`log-list${view.isWrapped ? " is-wrapped" : ""}`}
            aria-busy={state.phase === "loading" ? "true" : "false"}
          />
          <Empty viewer={viewer} />
          {fresh.lines > 0 ? (
            <button type="button" class="log-pill" onClick={() => void viewer.actions.toEnd()}>
              ▼ {formatCount(fresh.lines)} new
              {fresh.errors > 0 ? ` · ${formatCount(fresh.errors)} errors` : ""}
            </button>
          ) : null}
          {state.toast === "" ? null : (
            <p class="log-toast" role="status">
              {state.toast}
            </p>
          )}
        </div>
        {isDetailed ? <Details viewer={viewer} detail={detail} /> : null}
      </div>
      <Footer />
      <Announcer viewer={viewer} />
    </div>
  );
};
