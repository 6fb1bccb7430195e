import { Hono } from "hono";
import { behind } from "../../../shared/core/dashboard/buckets/key-order.ts";
import { parseJump, serviceFolder } from "../../../shared/core/dashboard/buckets/time-jump.ts";
import { encodeCursor } from "../../../shared/core/dashboard/cursor.ts";
import { Section } from "../components.tsx";
import { isBucketName } from "../query.ts";
import { BucketTable } from "../tables.tsx";
import { BucketPage } from "./bucket-page.tsx";
import { type View, viewLink } from "./hrefs.ts";
import { loadListing, parseView } from "./listing.ts";
import { type BucketsDeps, DEFAULT_STORAGE } from "./settings.ts";

const NO_SERVICE = "A date is a folder below a service: open a service first.";

/** Where a typed date, hour or key leads; a string says why it leads nowhere. */
const jumpFrom = (view: View, text: string): View | string => {
  const prefix = view.prefix ?? "";
  const jump = parseJump(text);
  if (!jump) {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const key = text.startsWith(folder) ? text : folder + text;
    return {
      prefix: folder,
      cursor: encodeCursor({ after: key.endsWith("/") ? behind(key) : key }),
    };
  }
  const service = serviceFolder(prefix);
  return service === undefined ? NO_SERVICE : { prefix: service + jump.prefix };
};

export const createBucketsPages = ({
  reader,
  pages,
  storage,
  ingestUrl,
  now,
}: BucketsDeps): Hono => {
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
    if (!isBucketName(bucket)) return pages.notFound(c, "bucket", bucket);
    const view = parseView(c.req.query());
    const typed = c.req.query("jump");
    const jump = typed ? jumpFrom(view, typed) : undefined;
    if (typeof jump === "object") return c.redirect(viewLink(bucket, jump));
    const loaded = await loadListing(reader, bucket, view, { now, signal: c.req.raw.signal });
    if (loaded.state === "missing") return pages.notFound(c, "bucket", bucket);
    const failed = loaded.state === "failed" ? loaded.error : undefined;
    return pages.render(
      c,
      {
        title: bucket,
        section: "buckets",
        scripts: ["buckets"],
        // A page of a listing is of one moment; "Reload" asks again.
        isStill: true,
        ...(failed ? { status: failed.kind === "unreachable" ? 503 : 502 } : {}),
      },
      <BucketPage
        bucket={bucket}
        view={view}
        loaded={loaded}
        storage={storage ?? DEFAULT_STORAGE}
        jumpNote={jump}
        now={now()}
        ingestUrl={ingestUrl}
      />,
    );
  });

  return app;
};
