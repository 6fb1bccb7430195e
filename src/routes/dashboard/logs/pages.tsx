import { type Context, Hono } from "hono";
import { showInvisible } from "../../../shared/core/dashboard/format.ts";
import { isEmptyFilter, parseFilter } from "../../../shared/core/dashboard/logs/log-filter.ts";
import { matchLine } from "../../../shared/core/dashboard/logs/match-line.ts";
import type { SearchEvent } from "../../../shared/core/dashboard/logs/search.ts";
import { describeError } from "../errors.ts";
import { searchLink } from "../links.ts";
import { isBucketName, QueryError, requireText } from "../query.ts";
import type { LogsDeps } from "./deps.ts";
import { ObjectPage } from "./object-page.tsx";
import { type SearchJson, searchJson } from "./present.ts";
import { filterParamsOf, parseSearch, parseTimeRange, prefixOf } from "./query.ts";
import { RangePage } from "./range-page.tsx";
import { type SearchForm, SearchPage, teachingCurl } from "./search-page.tsx";
import { VIEWER_SHORTCUTS } from "./shortcuts.ts";

/** Without a script; the viewer shows all. */
const PAGE_LINES = 500;
/** Read for a page that filters. */
const FILTER_LINES = 10_000;
const RANGE_OBJECTS = 100;
const RANGE_DEADLINE_MS = 8_000;
const SEARCH_LIMIT = 100;
const SEARCH_BUDGET_MS = 1_500;

const encoder = new TextEncoder();

export const createLogsPages = ({ reader, pages, logs, ingestUrl, now }: LogsDeps): Hono => {
  const app = new Hono();

  const viewerProps = {
    // One answer is all there may be of an object where answers are bounded.
    chunkBytes: logs?.maxAnswerBytes ?? null,
    endpointUrl: logs?.endpointUrl ?? null,
    canRead: logs !== undefined,
  };
  const shortcuts = <div hidden data-shortcuts={JSON.stringify(VIEWER_SHORTCUTS)} />;
  const frame = { section: "logs", isStill: true, isWide: true, scripts: ["logs"] } as const;

  const showObject = async (c: Context, bucket: string, key: string): Promise<Response> => {
    const params = filterParamsOf(c);
    // A pattern is for the viewer; without it the words still filter.
    const filter = { ...parseQuietly(params, now()), patterns: [] };
    const isFiltered = !isEmptyFilter(filter);
    if (!isBucketName(bucket)) return pages.notFound(c, "bucket", bucket);
    const object = await reader.objectLines(bucket, key, isFiltered ? FILTER_LINES : PAGE_LINES);
    if ("missing" in object)
      return object.missing === "bucket"
        ? pages.notFound(c, "bucket", bucket)
        : pages.notFound(c, "object", key);
    const lines = object.lines
      .map((line, index) => ({ line, number: index + 1 }))
      .filter(({ line }) => {
        if (!isFiltered) return true;
        const bytes = encoder.encode(line.text);
        return matchLine(filter, bytes, 0, bytes.length);
      })
      .slice(0, PAGE_LINES);
    const props = { ...viewerProps, bucket, key, size: object.size };
    return pages.render(
      c,
      { ...frame, title: showInvisible(key) },
      <>
        {shortcuts}
        <ObjectPage
          bucket={bucket}
          keyName={key}
          object={object}
          lines={lines}
          q={params.q ?? ""}
          lvl={params.lvl ?? ""}
          isFiltered={isFiltered}
          props={props}
        />
      </>,
    );
  };

  const showRange = async (c: Context, bucket: string): Promise<Response> => {
    const { fromMs, toMs } = parseTimeRange(c, now());
    const prefix = prefixOf(c);
    const range = { bucket, prefix, fromMs, toMs, after: undefined, limit: RANGE_OBJECTS };
    const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(RANGE_DEADLINE_MS)]);
    const listing = isBucketName(bucket) ? await logs?.reader.range(range, signal) : undefined;
    if (listing === undefined) return pages.notFound(c, "bucket", bucket);
    const props = { ...viewerProps, bucket, prefix, fromMs: fromMs ?? null, toMs: toMs ?? null };
    return pages.render(
      c,
      { ...frame, title: `${bucket} logs` },
      <>
        {shortcuts}
        <RangePage {...range} listing={listing} props={props} />
      </>,
    );
  };

  app.get("/objects", (c) =>
    showObject(
      c,
      requireText("bucket", c.req.query("bucket")),
      requireText("key", c.req.query("key")),
    ),
  );

  app.get("/logs", (c) => c.redirect(searchLink({}), 302));

  app.get("/logs/:bucket", (c) => {
    const bucket = c.req.param("bucket");
    const key = c.req.query("key");
    return key ? showObject(c, bucket, key) : showRange(c, bucket);
  });

  const searchPage = async (
    c: Context,
    form: SearchForm,
  ): Promise<{
    result: SearchJson | undefined;
    problem: string | undefined;
    status: 200 | 400;
  }> => {
    const none = { result: undefined, problem: undefined, status: 200 as const };
    if (logs === undefined || form.bucket === "") return none;
    try {
      if (!isBucketName(form.bucket)) throw new QueryError("bucket", "There is no such bucket.");
      const question = parseSearch(c, form.bucket, now());
      const events: SearchEvent[] = [];
      const isThere = await logs.reader.search(
        { bucket: form.bucket, limit: SEARCH_LIMIT, ...question },
        (event) => events.push(event),
        { maxMs: SEARCH_BUDGET_MS, signal: c.req.raw.signal },
      );
      if (!isThere) throw new QueryError("bucket", `There is no bucket named ${form.bucket}.`);
      return { ...none, result: searchJson(events) };
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      return { ...none, problem: describeError(error).detail, status: 400 };
    }
  };

  app.get("/search", async (c) => {
    const text = (name: string) => c.req.query(name) ?? "";
    const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(RANGE_DEADLINE_MS)]);
    const buckets = (await logs?.reader.listBuckets(signal)) ?? [];
    const form: SearchForm = {
      bucket: text("bucket") || (buckets.find((name) => name.includes("logs")) ?? buckets[0] ?? ""),
      service: text("service"),
      from: text("from"),
      to: text("to"),
      lvl: text("lvl"),
      q: text("q"),
    };
    const { result, problem, status } = await searchPage(c, form);
    const curl = ingestUrl === undefined ? null : teachingCurl(ingestUrl, form.service);
    const props = { form, result: result ?? null, limit: SEARCH_LIMIT, curl };
    return pages.render(
      c,
      { title: "Search", section: "logs", isStill: true, scripts: ["logs-search"], status },
      <SearchPage
        form={form}
        buckets={buckets}
        result={result}
        problem={problem}
        ingestUrl={ingestUrl}
        props={props}
      />,
    );
  });

  return app;
};

const parseQuietly = (...call: Parameters<typeof parseFilter>): ReturnType<typeof parseFilter> => {
  try {
    return parseFilter(...call);
  } catch {
    // The viewer says what is wrong with it; without it all lines are better than none.
    return parseFilter({}, call[1]);
  }
};
