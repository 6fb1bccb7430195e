import type { Child, FC } from "hono/jsx";
import type { BackendError } from "../../../shared/core/dashboard/backend-error.ts";
import { classOf } from "../../../shared/core/dashboard/buckets/key-class.ts";
import { showInvisible } from "../../../shared/core/dashboard/format.ts";
import type { ObjectEntry } from "../../../shared/core/dashboard/ports.ts";
import { Ago, Bytes, Shape, Unknown } from "../components.tsx";
import { bucketLink, logsLink, objectRawLink } from "../links.ts";
import { FirstRecord } from "../streams/teach.tsx";
import { missingAction } from "./denied.ts";
import { pageBefore, trailBehind, type View, viewLink } from "./hrefs.ts";
import { isSearch, type Loaded } from "./listing.ts";

/** Says what is missing and how to get it; the rest of the page stands. */
const ListFailure: FC<{ bucket: string; view: View; error: BackendError }> = ({
  bucket,
  view,
  error,
}) => {
  const action = missingAction(error, "s3:ListBucket");
  return (
    <div class="failure" role="alert" data-failure>
      <Shape name="error" />
      <div>
        {action ? (
          <>
            <p>
              S3 refused ({error.code}). The dashboard's role lacks <code>{action}</code> on{" "}
              <code>{bucket}</code>. Allow it, then try again:
            </p>
            <pre>{`{ "Effect": "Allow", "Action": "${action}", "Resource": "arn:aws:s3:::${bucket}" }`}</pre>
          </>
        ) : (
          <p>{error.message}</p>
        )}
        <p>
          <a class="button" href={viewLink(bucket, view)} data-nav>
            Try again
          </a>
        </p>
      </div>
    </div>
  );
};

const SortHead: FC<{
  bucket: string;
  view: View;
  by: "key" | "size" | "modified";
  label: string;
}> = ({ bucket, view, by, label }) => {
  const isHere = (view.sort ?? "key") === by;
  // Largest and newest first: that is what one looks for.
  const dir = isHere ? (view.dir === "asc" ? "desc" : "asc") : by === "key" ? "asc" : "desc";
  const order = view.dir === "desc" ? "descending" : "ascending";
  return (
    <th scope="col" class={by === "key" ? undefined : "number"} aria-sort={isHere ? order : "none"}>
      <a
        href={viewLink(bucket, { ...view, sort: by, dir: dir === "asc" ? undefined : dir })}
        data-nav
      >
        {label} {isHere ? (view.dir === "desc" ? "▼" : "▲") : ""}
      </a>
    </th>
  );
};

const KIND_LABEL = { quarantine: "quarantine", state: "state", data: "" } as const;

const Kind: FC<{ of: string; here: string }> = ({ of, here }) => {
  const kind = classOf(of);
  return kind === "data" || classOf(here) === kind ? null : (
    <span class="kind">{KIND_LABEL[kind]}</span>
  );
};

const clock = (time: Date | undefined): Child =>
  time ? (
    <time datetime={time.toISOString()} data-exact title={time.toISOString()}>
      {time.toISOString().slice(0, 19).replace("T", " ")}
    </time>
  ) : (
    <Unknown reason="S3 did not say." />
  );

const ObjectRow: FC<{ bucket: string; here: string; object: ObjectEntry; now: number }> = ({
  bucket,
  here,
  object: { key, size, lastModified, storageClass },
  now,
}) => {
  const shown = showInvisible(key.slice(here.length)) || "(empty name)";
  return (
    <tr data-object={key} data-size={size}>
      <th scope="row">
        <a class="mono wrap" href={logsLink(bucket, { key })} data-open-object>
          {shown}
        </a>
        <Kind of={key} here={here} />
      </th>
      <td class="number" data-label="Size">
        <Bytes value={size} reason="" />
      </td>
      <td class="number" data-label="Modified">
        {clock(lastModified)}
      </td>
      <td class="number muted" data-label="Age">
        <Ago time={lastModified} now={now} reason="S3 did not say." />
      </td>
      <td class="number muted wide-only">
        {storageClass === "STANDARD" ? "Standard" : storageClass}
      </td>
      <td class="number row-actions">
        <button type="button" class="icon-button" data-details title="Details, links, copy as …">
          <span aria-hidden="true">⋯</span>
          <span class="hidden">Details of {shown}</span>
        </button>
        <a class="icon-button" href={objectRawLink(bucket, key)} title="Download">
          <span aria-hidden="true">⤓</span>
          <span class="hidden">Download {shown}</span>
        </a>
      </td>
    </tr>
  );
};

const empty = (view: View): string => {
  if (isSearch(view)) return "No key that was looked at is like this.";
  return view.prefix || view.q ? "No key begins with this." : "The bucket is empty.";
};

/** The page's folders and objects, or why there are none. */
export const ListingPanel: FC<{
  bucket: string;
  view: View;
  loaded: Exclude<Loaded, { state: "missing" }>;
  now: number;
  ingestUrl: string | undefined;
}> = ({ bucket, view, loaded, now, ingestUrl }) => {
  if (loaded.state === "failed")
    return <ListFailure bucket={bucket} view={view} error={loaded.error} />;
  const { prefixes, objects, next, coverage } = loaded.listing;
  const prefix = view.prefix ?? "";
  const here = isSearch(view) ? prefix : prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const before = pageBefore(view);
  const isAlone = prefixes.length + objects.length === 0;
  return (
    <section data-listing aria-label="Objects">
      <table class="table objects">
        <caption class="hidden">Objects of {bucket}</caption>
        <thead>
          <tr>
            <SortHead bucket={bucket} view={view} by="key" label="Key" />
            <SortHead bucket={bucket} view={view} by="size" label="Size" />
            <SortHead bucket={bucket} view={view} by="modified" label="Modified" />
            <th scope="col" class="number">
              Age
            </th>
            <th scope="col" class="number wide-only">
              Class
            </th>
            <th scope="col">
              <span class="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {prefixes.map((folder) => (
            <tr>
              <th scope="row">
                <a class="mono wrap folder" href={bucketLink(bucket, { prefix: folder })} data-nav>
                  {showInvisible(folder.slice(here.length))}
                </a>
                <Kind of={folder} here={here} />
              </th>
              <td />
              <td />
              <td />
              <td class="wide-only" />
              <td />
            </tr>
          ))}
          {objects.map((object) => (
            <ObjectRow bucket={bucket} here={here} object={object} now={now} />
          ))}
        </tbody>
      </table>
      {isAlone ? <p class="empty">{empty(view)}</p> : null}
      {isAlone && !isSearch(view) && !view.prefix && !view.q ? (
        <FirstRecord ingestUrl={ingestUrl} />
      ) : null}
      <p class="pager" data-pager>
        {view.sort === "key" || isAlone ? null : (
          <span>Sorted within what this page has loaded.</span>
        )}
        {coverage ? null : (
          <>
            {view.cursor === undefined ? null : (
              <a
                class="button"
                href={viewLink(bucket, { ...view, cursor: undefined, trail: undefined })}
                data-nav
              >
                First page
              </a>
            )}
            {before ? (
              <a class="button" rel="prev" href={viewLink(bucket, before)} data-nav>
                Previous page
              </a>
            ) : null}
            {next ? (
              <a
                class="button"
                rel="next"
                href={viewLink(bucket, { ...view, cursor: next, trail: trailBehind(view) })}
                data-nav
                data-key="n"
              >
                Next page
              </a>
            ) : null}
          </>
        )}
      </p>
    </section>
  );
};
