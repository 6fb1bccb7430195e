import { Hono } from "hono";
import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import type { DashboardReader } from "../../../shared/core/dashboard/reader.ts";
import { type BucketsDeps, DEFAULT_STORAGE } from "../buckets/settings.ts";
import { isBucketName } from "../query.ts";
import { PartitionsPage } from "./page.tsx";
import { parsePartitionsRequest } from "./query.ts";

const MAX_FOLDERS = 200;

/** The names of the other services, for one list call; none where that fails. */
const serviceFolders = async (reader: DashboardReader, bucket: string): Promise<string[]> => {
  const page = await attempt(() =>
    reader.objectsPage({ bucket, prefix: "service=", maxKeys: MAX_FOLDERS, isFolded: true }),
  );
  return page.ok ? (page.value?.prefixes ?? []) : [];
};

export const createPartitionsPages = ({ reader, pages, storage, now }: BucketsDeps): Hono => {
  const app = new Hono();
  app.get("/buckets/:name/partitions", async (c) => {
    const bucket = c.req.param("name");
    if (!isBucketName(bucket)) return pages.notFound(c, "bucket", bucket);
    const { service, cursor, maxSamples, metric } = parsePartitionsRequest(c.req.query());
    const signal = c.req.raw.signal;
    const [read, others] = await Promise.all([
      attempt(() => reader.walk({ bucket, service, cursor, maxSamples, signal })),
      service === undefined ? [] : serviceFolders(reader, bucket),
    ]);
    const walked = read.ok ? read.value && { ok: true as const, value: read.value } : read;
    if (walked === undefined) return pages.notFound(c, "bucket", bucket);
    return pages.render(
      c,
      {
        title: `Partitions of ${bucket}`,
        section: "buckets",
        scripts: ["partitions"],
        // A walk costs hundreds of list calls: it is not repeated every few seconds.
        isStill: true,
        ...(read.ok ? {} : { status: read.error.kind === "unreachable" ? 503 : 502 }),
      },
      <PartitionsPage
        bucket={bucket}
        service={service}
        metric={metric}
        isContinued={cursor !== undefined}
        read={walked}
        folders={others}
        storage={storage ?? DEFAULT_STORAGE}
        now={now()}
      />,
    );
  });
  return app;
};
