import type { Child, FC } from "hono/jsx";
import { classOf } from "../../../shared/core/dashboard/buckets/key-class.ts";
import type { BucketSettings } from "../../../shared/core/dashboard/buckets/ports.ts";
import { stepsOf } from "../../../shared/core/dashboard/buckets/time-jump.ts";
import { showInvisible } from "../../../shared/core/dashboard/format.ts";
import { bucketLink } from "../links.ts";
import { CoverageLine } from "./coverage-line.tsx";
import { FilterForm } from "./filter-form.tsx";
import { type View, viewLink } from "./hrefs.ts";
import type { Loaded } from "./listing.ts";
import { ListingPanel } from "./listing-panel.tsx";
import { PlaceHead } from "./place-head.tsx";
import { tableOf } from "./settings.ts";

/** `a/b/` as its folders, each with the prefix that leads to it. */
export const foldersOf = (prefix: string): { label: string; prefix: string }[] => {
  const folders: { label: string; prefix: string }[] = [];
  let start = 0;
  for (let end = prefix.indexOf("/"); end >= 0; end = prefix.indexOf("/", start)) {
    folders.push({
      label: prefix.slice(start, end) || "(empty)",
      prefix: prefix.slice(0, end + 1),
    });
    start = end + 1;
  }
  return folders;
};

const SHORTCUTS = [
  ["[", "previous hour or day"],
  ["]", "next hour or day"],
  ["n", "next page, or go on searching"],
  ["Enter", "open the object in the viewer"],
];

const HourSteps: FC<{ bucket: string; prefix: string }> = ({ bucket, prefix }) => {
  const steps = stepsOf(prefix);
  if (!steps) return <span />;
  const { previous, next, hours } = steps;
  return (
    <nav class="hours" aria-label="Hours of this day">
      <a href={viewLink(bucket, { prefix: previous.prefix })} data-nav data-key="[" rel="prev">
        ‹<span class="hidden"> {previous.label}</span>
      </a>
      {hours.map(({ label, prefix: at, isHere }) => (
        <a
          href={viewLink(bucket, { prefix: at })}
          data-nav
          aria-current={isHere ? "page" : undefined}
        >
          {label}
        </a>
      ))}
      <a href={viewLink(bucket, { prefix: next.prefix })} data-nav data-key="]" rel="next">
        ›<span class="hidden"> {next.label}</span>
      </a>
    </nav>
  );
};

const APART: Readonly<Record<"quarantine" | "state", Child>> = {
  quarantine: (
    <p class="note apart">
      Quarantine: what could not be read as a log, with its reason.{" "}
      <a class="link" href="/quarantine">
        Look at it by reason
      </a>
    </p>
  ),
  state: <p class="note apart">State: where the consumer keeps how far it is. No logs.</p>,
};

export type BucketPageProps = {
  bucket: string;
  view: View;
  loaded: Exclude<Loaded, { state: "missing" }>;
  storage: BucketSettings;
  /** Says why a date that was typed leads nowhere. */
  jumpNote?: string | undefined;
  now: number;
  ingestUrl?: string | undefined;
};

export const BucketPage: FC<BucketPageProps> = ({
  bucket,
  view,
  loaded,
  storage,
  jumpNote,
  now,
  ingestUrl,
}) => {
  const prefix = view.prefix ?? "";
  const folders = foldersOf(prefix);
  const kind = classOf(prefix);
  const store = {
    bucket,
    prefix,
    endpoint: storage.endpoint,
    region: storage.region,
    table: tableOf(storage, bucket),
    presignSeconds: storage.signer?.expiresSeconds ?? 0,
  };
  const crumbs = [{ label: bucket, prefix: "" }, ...folders];
  const rest = prefix.slice(folders.at(-1)?.prefix.length ?? 0);
  return (
    <div
      class="browser"
      data-browser
      data-store={JSON.stringify(store)}
      data-shortcuts={JSON.stringify(SHORTCUTS)}
    >
      <PlaceHead
        title={`Objects of ${bucket}`}
        tab="objects"
        bucket={bucket}
        prefix={prefix}
        crumbs={[
          { label: "buckets", href: "/buckets" },
          ...crumbs.map((crumb, index) => ({
            label: showInvisible(crumb.label),
            ...(index === crumbs.length - 1 && rest === ""
              ? {}
              : { href: bucketLink(bucket, { prefix: crumb.prefix }) }),
          })),
          ...(rest === "" ? [] : [{ label: `${showInvisible(rest)}…` }]),
        ]}
      >
        <button type="button" class="button" data-copy-prefix>
          Copy as
        </button>
        <button type="button" class="button" data-count>
          Count
        </button>
        <a class="button" href={viewLink(bucket, view)} data-nav>
          Reload
        </a>
      </PlaceHead>
      {kind === "data" ? null : APART[kind]}
      <FilterForm bucket={bucket} view={view} note={jumpNote} />
      <div class="listing-head">
        <HourSteps bucket={bucket} prefix={prefix} />
        {loaded.state === "listed" ? (
          <CoverageLine bucket={bucket} view={view} listing={loaded.listing} />
        ) : null}
      </div>
      <p class="note" data-summary role="status" />
      <ListingPanel bucket={bucket} view={view} loaded={loaded} now={now} ingestUrl={ingestUrl} />
    </div>
  );
};
