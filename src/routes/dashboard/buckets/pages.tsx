import { Hono } from "hono";
import type { AreaDeps } from "../area.ts";
import { Section } from "../components.tsx";
import { isBucketName, parseCursor } from "../query.ts";
import { BucketTable } from "../tables.tsx";
import { BucketPage } from "./bucket-page.tsx";

const PAGE_SIZE = 100;

export const createBucketsPages = ({ reader, pages, now }: AreaDeps): Hono => {
  const app = new Hono();

  app.get("/buckets", async (c) => {
    const buckets = await reader.buckets();
    return pages.render(
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
    if (!page) return pages.notFound(c, "bucket", bucket);
    const props = { bucket, prefix, page, isFirst: cursor === undefined, now: now() };
    return pages.render(c, { title: bucket, section: "buckets" }, <BucketPage {...props} />);
  });

  return app;
};
