import type { Child, FC } from "hono/jsx";
import {
  formatBytes,
  formatCount,
  formatDuration,
  showInvisible,
} from "../../../shared/core/dashboard/format.ts";
import { isLogLevel } from "../../../shared/core/dashboard/log-level.ts";
import { Failure } from "../components.tsx";
import { logsLink, searchLink } from "../links.ts";
import type { SearchJson } from "./present.ts";
import { LevelMark, LevelSelect } from "./rows.tsx";

export type SearchForm = {
  bucket: string;
  service: string;
  from: string;
  to: string;
  lvl: string;
  q: string;
};

export type SearchPageProps = {
  form: SearchForm;
  buckets: readonly string[];
  /** Undefined where nothing was searched. */
  result: SearchJson | undefined;
  problem: string | undefined;
  ingestUrl: string | undefined;
  props: object;
};

const SINCE = [
  ["", "all time"],
  ["-15m", "last 15 min"],
  ["-1h", "last hour"],
  ["-6h", "last 6 h"],
  ["-24h", "last 24 h"],
  ["-7d", "last 7 days"],
] as const;

const STOPS = {
  done: "everything was searched",
  limit: "stopped at the limit of a page",
  time: "stopped when its time was over",
  cancelled: "stopped by you",
} as const;

const Field: FC<{ name: string; label: string; children: Child }> = ({ name, label, children }) => (
  <p class="search-field">
    <label for={`search-${name}`}>{label}</label>
    {children}
  </p>
);

const HitRow: FC<{ bucket: string; q: string; hit: SearchJson["hits"][number] }> = ({
  bucket,
  q,
  hit,
}) => {
  const level = isLogLevel(hit.level) ? hit.level : undefined;
  return (
    <li class={level ? `level-${level}` : undefined}>
      <a class="at" href={logsLink(bucket, { key: hit.key, L: String(hit.line), q })}>
        {hit.time === null ? "no time" : hit.time.slice(0, 23).replace("T", " ")}
      </a>
      <LevelMark level={level} />
      <code>{showInvisible(hit.raw.slice(0, 1_000))}</code>
    </li>
  );
};

/** Sends a log that a search can find. */
export const teachingCurl = (ingestUrl: string, service: string): string =>
  `curl ${ingestUrl}/api/ingest/batch -H 'content-type: application/json' \\
  -d '{"logs":[{"service":"${/^[A-Za-z0-9._-]+$/.test(service) ? service : "hello"}","level":"ERROR","message":"find me"}]}'`;

const Empty: FC<{ form: SearchForm; ingestUrl: string | undefined }> = ({ form, ingestUrl }) => (
  <div class="empty">
    <p>
      Nothing was found. Leave out a word or a level, or search a longer time: an hour's logs are
      found by the time they state, in UTC.
    </p>
    {ingestUrl === undefined ? null : (
      <>
        <p>Send a log and search for it; it is stored some seconds later:</p>
        <pre>{teachingCurl(ingestUrl, form.service)}</pre>
      </>
    )}
  </div>
);

/** Search across the partitions of a bucket; a first page of it without any script. */
export const SearchPage: FC<SearchPageProps> = (given) => {
  const { form, buckets, result, problem, ingestUrl, props } = given;
  const { bucket, service, from, to, lvl, q } = form;
  return (
    <>
      <div class="page-head">
        <h1>Search logs</h1>
      </div>
      <form class="search-form" method="get" action="/search" data-search-form>
        <Field name="bucket" label="Bucket">
          <select name="bucket" id="search-bucket">
            {[...new Set([...(bucket === "" ? [] : [bucket]), ...buckets])].map((name) => (
              <option value={name} selected={name === bucket}>
                {showInvisible(name)}
              </option>
            ))}
          </select>
        </Field>
        <Field name="service" label="Service">
          <input
            name="service"
            id="search-service"
            value={service}
            placeholder="all"
            autocomplete="off"
          />
        </Field>
        <Field name="from" label="From">
          <input
            name="from"
            id="search-from"
            value={from}
            list="since"
            placeholder="all time"
            autocomplete="off"
          />
        </Field>
        <Field name="to" label="To">
          <input name="to" id="search-to" value={to} placeholder="now" autocomplete="off" />
        </Field>
        <Field name="lvl" label="Level">
          <LevelSelect value={lvl} id="search-lvl" />
        </Field>
        <Field name="q" label="Text">
          <input
            type="search"
            name="q"
            id="search-q"
            value={q}
            placeholder={'words, "a phrase", -not'}
            data-filter
          />
        </Field>
        <button class="button" type="submit">
          Search
        </button>
        <datalist id="since">
          {SINCE.map(([value, label]) => (
            <option value={value}>{label}</option>
          ))}
        </datalist>
      </form>
      {problem === undefined ? null : <Failure message={problem} />}
      <div data-island="search" data-props={JSON.stringify(props)}>
        {result === undefined ? null : (
          <>
            <p class="note search-status">
              <b>{formatCount(result.hits.length, result.next_cursor === null)}</b>{" "}
              {result.hits.length === 1 ? "hit" : "hits"} in {formatCount(result.stats.objects)}{" "}
              objects, {formatBytes(result.stats.bytes)}, {formatDuration(result.stats.elapsed_ms)}{" "}
              · {STOPS[result.stopped_by]}
              {result.next_cursor === null ? null : (
                <>
                  {" · "}
                  <a class="link" href={searchLink({ ...form, cursor: result.next_cursor })}>
                    Continue
                  </a>
                </>
              )}
            </p>
            {result.hits.length === 0 ? (
              <Empty form={form} ingestUrl={ingestUrl} />
            ) : (
              <ol class="lines hits">
                {result.hits.map((hit) => (
                  <HitRow bucket={bucket} q={q} hit={hit} />
                ))}
              </ol>
            )}
          </>
        )}
      </div>
    </>
  );
};
