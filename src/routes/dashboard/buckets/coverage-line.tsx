import type { FC } from "hono/jsx";
import type { StopReason } from "../../../shared/core/dashboard/buckets/scan.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  showInvisible,
} from "../../../shared/core/dashboard/format.ts";
import { type View, viewLink } from "./hrefs.ts";
import type { Listing } from "./listing.ts";

const STOPPED: Readonly<Record<StopReason, string>> = {
  end: "all of it",
  page: "stopped at a full page",
  calls: "stopped by budget",
  time: "stopped by its time budget",
};

/** What was looked at, and why it ended there; going on is part of that sentence. */
export const CoverageLine: FC<{ bucket: string; view: View; listing: Listing }> = ({
  bucket,
  view,
  listing: { coverage, loaded, objects, prefixes, next, elapsedMs },
}) => {
  if (coverage)
    return (
      <p class="coverage" data-coverage>
        scanned <b>{formatCount(coverage.scanned)}</b> {coverage.scanned === 1 ? "key" : "keys"}
        {coverage.lastKey && !coverage.complete ? (
          <>
            {" "}
            up to <code>{showInvisible(coverage.lastKey)}</code>
          </>
        ) : null}{" "}
        · matched <b>{formatCount(coverage.matched)}</b> · {formatDuration(coverage.elapsedMs)} ·{" "}
        {STOPPED[coverage.stopReason]}
        {next ? (
          <>
            {" · "}
            <a
              class="link"
              href={viewLink(bucket, { ...view, cursor: next })}
              data-continue
              data-key="n"
            >
              Continue
            </a>
          </>
        ) : null}
      </p>
    );
  const shown = objects.length + prefixes.length;
  const isFirst = view.cursor === undefined;
  return (
    <p class="coverage" data-coverage>
      {loaded.isAll ? (
        <>
          <b>{formatCount(loaded.keys)}</b> {loaded.keys === 1 ? "entry" : "entries"}, all of them
        </>
      ) : isFirst ? (
        <>
          <b>{formatCount(loaded.keys, false)}</b> entries, {formatCount(shown)} shown
        </>
      ) : (
        <>
          <b>{formatCount(shown)}</b> more {shown === 1 ? "entry" : "entries"}
          {next ? ", and there are others behind them" : ", the last ones"}
        </>
      )}{" "}
      · 1 list call · {formatDuration(elapsedMs)}
      {objects.length > 0 ? ` · ${formatBytes(loaded.bytes)}${loaded.isAll ? "" : "+"}` : ""}
    </p>
  );
};
