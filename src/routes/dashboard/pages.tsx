import { type Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import { attempt } from "../../shared/core/dashboard/backend-error.ts";
import { formatTime, showInvisible } from "../../shared/core/dashboard/format.ts";
import type { DashboardReader } from "../../shared/core/dashboard/reader.ts";
import type { Logger } from "../../shared/core/logger.ts";
import { Section } from "./components.tsx";
import { describeError } from "./errors.ts";
import { type Frame, Layout, type LayoutProps } from "./layout.tsx";
import { BucketPage } from "./pages/bucket.tsx";
import { MessagePage } from "./pages/message.tsx";
import { ObjectPage } from "./pages/object.tsx";
import { Overview } from "./pages/overview.tsx";
import { PartitionsPage } from "./pages/partitions.tsx";
import { StreamPage } from "./pages/stream.tsx";
import { isBucketName, isStreamName, parseCursor, parseLines, requireText } from "./query.ts";
import { BucketTable, StreamTable } from "./tables.tsx";

export type PageDeps = {
  reader: DashboardReader;
  frame: Frame;
  /** Where a first log may be sent. */
  ingestUrl: string | undefined;
  log: Logger;
  now: () => number;
};

const PAGE_SIZE = 100;
const PAGE_LINES = 100;
/** More would be a page nobody scrolls; the API gives up to 10,000. */
const MAX_PAGE_LINES = 1_000;

type PageOptions = Pick<LayoutProps, "title" | "section"> & {
  status?: 404 | 400 | 500 | 502 | 503;
  isStill?: boolean;
};

/** The server-rendered pages. Whole without any script; errors are pages, too. */
export const createDashboardPages = ({ reader, frame, ingestUrl, log, now }: PageDeps): Hono => {
  const app = new Hono();

  const render = (c: Context, { status, isStill, ...options }: PageOptions, body: Child) => {
    const url = new URL(c.req.url);
    const isPaused = url.searchParams.get("refresh") === "off";
    if (isPaused) url.searchParams.delete("refresh");
    else url.searchParams.set("refresh", "off");
    const refresh = {
      isPaused,
      toggleHref: url.pathname + url.search,
      updatedAt: `Updated ${formatTime(new Date(now())).slice(11)}`,
    };
    const page = (
      <Layout frame={frame} {...options} refresh={isStill ? undefined : refresh}>
        {body}
      </Layout>
    );
    c.header("Cache-Control", "no-store");
    return c.html(`<!doctype html>${page}`, status ?? 200);
  };

  const notFound = (c: Context, what: string, name: string) =>
    render(
      c,
      { title: "Not found", section: "none", status: 404 },
      <MessagePage
        title="Not found"
        message={`There is no ${what} named ${showInvisible(name)}.`}
      />,
    );

  app.get("/", async (c) => {
    const [ingest, streams, buckets, consumer, ledger] = await Promise.all([
      reader.ingest(),
      attempt(reader.streams),
      attempt(reader.buckets),
      attempt(reader.consumer),
      attempt(reader.ledger),
    ]);
    const data = { ingest, streams, buckets, consumer, ledger, ingestUrl, now: now() };
    return render(c, { title: "Overview", section: "overview" }, <Overview {...data} />);
  });

  app.get("/streams", async (c) => {
    const streams = await reader.streams();
    return render(
      c,
      { title: "Streams", section: "streams" },
      <>
        <h1>Streams</h1>
        <Section title="All streams">
          <StreamTable {...streams} />
        </Section>
      </>,
    );
  });

  app.get("/streams/:name", async (c) => {
    const name = c.req.param("name");
    const stream = isStreamName(name) ? await reader.stream(name) : undefined;
    if (!stream) return notFound(c, "stream", name);
    return render(c, { title: name, section: "streams" }, <StreamPage {...stream} now={now()} />);
  });

  app.get("/buckets", async (c) => {
    const buckets = await reader.buckets();
    return render(
      c,
      { title: "Buckets", section: "buckets" },
      <>
        <h1>Buckets</h1>
        <Section title="All buckets" note="data objects; quarantine apart">
          <BucketTable {...buckets} now={now()} />
        </Section>
      </>,
    );
  });

  app.get("/buckets/:name", async (c) => {
    const bucket = c.req.param("name");
    const prefix = c.req.query("prefix") ?? "";
    const cursor = parseCursor(c.req.query("cursor"));
    const page = isBucketName(bucket)
      ? await reader.objectsPage({ bucket, prefix, maxKeys: PAGE_SIZE, cursor, isFolded: true })
      : undefined;
    if (!page) return notFound(c, "bucket", bucket);
    const props = { bucket, prefix, page, isFirst: cursor === undefined, now: now() };
    return render(c, { title: bucket, section: "buckets" }, <BucketPage {...props} />);
  });

  app.get("/buckets/:name/partitions", async (c) => {
    const bucket = c.req.param("name");
    const analysis = isBucketName(bucket) ? await reader.partitions(bucket) : undefined;
    if (!analysis) return notFound(c, "bucket", bucket);
    const props = { bucket, analysis, now: now() };
    return render(
      c,
      { title: `Partitions of ${bucket}`, section: "buckets" },
      <PartitionsPage {...props} />,
    );
  });

  app.get("/objects", async (c) => {
    const bucket = requireText("bucket", c.req.query("bucket"));
    const key = requireText("key", c.req.query("key"));
    const maxLines = parseLines(c.req.query("lines"), PAGE_LINES, MAX_PAGE_LINES);
    if (!isBucketName(bucket)) return notFound(c, "bucket", bucket);
    const object = await reader.objectLines(bucket, key, maxLines);
    if ("missing" in object)
      return object.missing === "bucket"
        ? notFound(c, "bucket", bucket)
        : notFound(c, "object", key);
    return render(
      c,
      { title: showInvisible(key), section: "buckets", isStill: true },
      <ObjectPage bucket={bucket} keyName={key} maxLines={maxLines} object={object} />,
    );
  });

  app.onError((error, c) => {
    const { status, detail } = describeError(error);
    if (status === 500) log.error({ err: error }, "A dashboard page failed unexpectedly.");
    return render(
      c,
      { title: "Not available", section: "none", status: status as 500 },
      <MessagePage title="Not available" message={detail} />,
    );
  });

  return app;
};
