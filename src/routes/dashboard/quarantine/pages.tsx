import { Hono } from "hono";
import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import { decodeBytes } from "../../../shared/core/dashboard/quarantine/byte-view.ts";
import { MessagePage } from "../frame/message.tsx";
import { QueryError } from "../query.ts";
import { type QuarantineDeps, refuseCursor } from "./api.ts";
import { QuarantineList } from "./list-page.tsx";
import { parseLimit, parseRecordQuery, parseSelection, type QuarantineQuery } from "./query.ts";
import { QuarantineRecordPage } from "./record-page.tsx";

const SHOWN_BYTES = 4_096;
const MAX_SHOWN_BYTES = 65_536;
const SCRIPTS = ["quarantine"];

const NAMES = ["bucket", "reason", "from", "to", "stream", "shard", "cursor", "limit"] as const;

const parseShownBytes = (text: string | undefined): number => {
  if (!text) return SHOWN_BYTES;
  const bytes = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (bytes >= 1 && bytes <= MAX_SHOWN_BYTES) return bytes;
  throw new QueryError("bytes", `bytes must be a whole number from 1 to ${MAX_SHOWN_BYTES}.`);
};

export const createQuarantinePages = ({ pages, quarantine, now }: QuarantineDeps): Hono => {
  const app = new Hono();

  app.get("/quarantine", async (c) => {
    const options = { title: "Quarantine", section: "quarantine", scripts: SCRIPTS } as const;
    if (quarantine === undefined)
      return pages.render(
        c,
        { ...options, isStill: true },
        <MessagePage title="Quarantine" message="No bucket is known that has a quarantine." />,
      );
    const query: QuarantineQuery = Object.fromEntries(
      NAMES.flatMap((name) => {
        const value = c.req.query(name);
        return value ? [[name, value]] : [];
      }),
    );
    if (query.bucket && !quarantine.buckets.includes(query.bucket))
      return pages.notFound(c, "data bucket", query.bucket);
    const selection = parseSelection(query, quarantine.buckets, now());
    const { reason: _, ...anyReason } = selection;
    const limit = parseLimit(query.limit);
    const [counts, page] = await Promise.all([
      attempt(() => quarantine.count(anyReason)),
      attempt(() =>
        quarantine.list(selection, { limit, cursor: query.cursor }).catch(refuseCursor),
      ),
    ]);
    const { buckets } = quarantine;
    return pages.render(
      c,
      options,
      <QuarantineList {...{ query, buckets, selection, counts, page }} now={now()} />,
    );
  });

  app.get("/quarantine/record", async (c) => {
    const { bucket, key, id } = parseRecordQuery(c.req.query());
    const shownBytes = parseShownBytes(c.req.query("bytes"));
    const detail = await quarantine?.record({ bucket, key, id });
    if (detail === undefined)
      return pages.notFound(c, "quarantined record", `${id.sequenceNumber}:${id.index}`);
    return pages.render(
      c,
      { title: detail.entry.reason, section: "quarantine", scripts: SCRIPTS, isStill: true },
      <QuarantineRecordPage
        bucket={bucket}
        objectKey={key}
        detail={detail}
        decoded={await decodeBytes(detail.data, shownBytes)}
        shownBytes={shownBytes}
        maxBytes={MAX_SHOWN_BYTES}
      />,
    );
  });

  app.onError(pages.failed);
  return app;
};
