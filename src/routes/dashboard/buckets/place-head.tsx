import type { Child, FC, PropsWithChildren } from "hono/jsx";
import { Crumbs } from "../frame/layout.tsx";
import { bucketLink, partitionsLink } from "../links.ts";

type Tab = "objects" | "partitions";

/** Where in a bucket this is, and the other ways to look at the same place. */
export const PlaceHead: FC<
  PropsWithChildren<{
    title: string;
    tab: Tab;
    bucket: string;
    /** Kept when the tab changes, as far as the other page knows what it means. */
    prefix: string;
    crumbs: readonly { label: Child; href?: string }[];
  }>
> = ({ title, tab, bucket, prefix, crumbs, children }) => {
  const service = /^service=([^/]+)\//.exec(prefix)?.[1];
  const partitions = partitionsLink(bucket);
  const logs = `/logs/${encodeURIComponent(bucket)}`;
  return (
    <div class="place">
      <h1 class="hidden">{title}</h1>
      <Crumbs items={crumbs} />
      <nav class="place-tabs" aria-label="Ways to look at this place">
        <a
          href={bucketLink(bucket, { prefix })}
          aria-current={tab === "objects" ? "page" : undefined}
        >
          Objects
        </a>
        <a
          href={service ? `${partitions}?service=${encodeURIComponent(service)}` : partitions}
          aria-current={tab === "partitions" ? "page" : undefined}
        >
          Partitions
        </a>
        <a href={prefix ? `${logs}?prefix=${encodeURIComponent(prefix)}` : logs}>Logs</a>
      </nav>
      <div class="end">{children}</div>
    </div>
  );
};
