import type { FC } from "hono/jsx";
import {
  formatBytes,
  formatCount,
  formatTime,
  showInvisible,
} from "../../../shared/core/dashboard/format.ts";
import type { RangeListing } from "../../../shared/core/dashboard/logs/log-reader.ts";
import { Table } from "../components.tsx";
import { Crumbs } from "../frame/layout.tsx";
import { bucketLink, logsLink } from "../links.ts";

export type RangePageProps = {
  bucket: string;
  prefix: string;
  fromMs: number | undefined;
  toMs: number | undefined;
  listing: RangeListing;
  props: object;
};

const spanOf = (fromMs: number | undefined, toMs: number | undefined): string => {
  const time = (ms: number) => formatTime(new Date(ms)).slice(0, 16);
  if (fromMs === undefined && toMs === undefined) return "all hours, newest first";
  if (toMs === undefined) return `since ${time(fromMs ?? 0)} UTC`;
  return `${fromMs === undefined ? "up to" : `${time(fromMs)} –`} ${time(toMs)} UTC`;
};

/** A partition range: its newest objects, which the viewer replaces by their lines. */
export const RangePage: FC<RangePageProps> = ({ bucket, prefix, fromMs, toMs, listing, props }) => {
  const bytes = listing.objects.reduce((sum, { size }) => sum + size, 0);
  return (
    <>
      <div class="page-head viewer-head">
        <Crumbs
          items={[
            { label: bucket, href: bucketLink(bucket) },
            {
              label: showInvisible(prefix) || "all services",
              href: bucketLink(bucket, { prefix }),
            },
            { label: spanOf(fromMs, toMs) },
          ]}
        />
        <h1 class="hidden">
          Logs of {bucket}, {showInvisible(prefix) || "all services"}
        </h1>
        <p class="note">
          {formatCount(listing.objects.length, listing.stoppedBy === "end")} objects ·{" "}
          {formatBytes(bytes)}
          {listing.stoppedBy === "end" ? "" : "+"}
        </p>
      </div>
      <div data-island="logs" class="viewer" data-props={JSON.stringify(props)}>
        <Table
          caption="Objects of this range, newest hour first"
          columns={[{ label: "Object" }, { label: "Hour" }, { label: "Size", isNumber: true }]}
          rows={listing.objects.map(({ key, size, hourMs }) => ({
            cells: [
              <a class="wrap" href={logsLink(bucket, { key })}>
                <code>{showInvisible(key)}</code>
              </a>,
              hourMs === undefined ? "n/a" : formatTime(new Date(hourMs)),
              formatBytes(size),
            ],
          }))}
          empty="There is no object in this range."
        />
      </div>
    </>
  );
};
