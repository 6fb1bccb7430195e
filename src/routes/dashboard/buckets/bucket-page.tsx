import type { FC } from "hono/jsx";
import { showInvisible } from "../../../shared/core/dashboard/format.ts";
import type { ObjectsPage } from "../../../shared/core/dashboard/reader.ts";
import { Ago, Bytes, Table } from "../components.tsx";
import { Crumbs } from "../frame/layout.tsx";
import { bucketLink, objectLink, partitionsLink } from "../links.ts";

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

export type BucketPageProps = {
  bucket: string;
  prefix: string;
  page: ObjectsPage;
  isFirst: boolean;
  now: number;
};

export const BucketPage: FC<BucketPageProps> = ({ bucket, prefix, page, isFirst, now }) => {
  const folders = foldersOf(prefix);
  const here = folders.at(-1)?.prefix ?? "";
  const shown = (key: string) => showInvisible(key.slice(here.length)) || "(empty name)";
  const crumbs = [{ label: bucket, prefix: "" }, ...folders];
  return (
    <>
      <Crumbs
        items={[
          { label: "buckets", href: "/buckets" },
          ...crumbs.map((crumb, index) => ({
            label: showInvisible(crumb.label),
            ...(index === crumbs.length - 1 && crumb.prefix === prefix
              ? {}
              : { href: bucketLink(bucket, { prefix: crumb.prefix }) }),
          })),
        ]}
      />
      <div class="page-head">
        <h1>{bucket}</h1>
        <form class="find" method="get">
          <label class="hidden" for="prefix">
            Keys that begin with
          </label>
          <input
            id="prefix"
            name="prefix"
            value={prefix}
            placeholder="keys that begin with …"
            autocomplete="off"
            spellcheck={false}
          />
          <button class="button" type="submit">
            List
          </button>
        </form>
        <div class="end">
          <a class="button" href={partitionsLink(bucket)}>
            Partitions
          </a>
        </div>
      </div>
      <Table
        caption={`Objects of ${bucket}`}
        columns={[
          { label: "Key" },
          { label: "Size", isNumber: true },
          { label: "Last modified", isNumber: true },
          { label: "Storage class", isNumber: true },
        ]}
        rows={[
          ...page.prefixes.map((folder) => ({
            cells: [
              <a class="mono wrap folder" href={bucketLink(bucket, { prefix: folder })}>
                {shown(folder)}
              </a>,
              "",
              "",
              "",
            ],
          })),
          ...page.objects.map(({ key, size, lastModified, storageClass }) => ({
            cells: [
              <a class="mono wrap" href={objectLink(bucket, key)}>
                {shown(key)}
              </a>,
              <Bytes value={size} reason="" />,
              <Ago time={lastModified} now={now} reason="S3 did not say." />,
              <span class="muted">{storageClass}</span>,
            ],
          })),
        ]}
        empty={prefix ? "No key begins with this prefix." : "The bucket is empty."}
      />
      <p class="pager">
        <span>
          {page.prefixes.length} folders and {page.objects.length} objects on this page
          {page.nextCursor
            ? "; there are more"
            : isFirst
              ? "; that is all"
              : "; this is the last page"}
          .
        </span>
        {isFirst ? null : (
          <a class="button" href={bucketLink(bucket, { prefix })}>
            First page
          </a>
        )}
        {page.nextCursor ? (
          <a
            class="button"
            rel="next"
            href={bucketLink(bucket, { prefix, cursor: page.nextCursor })}
          >
            Next page
          </a>
        ) : null}
      </p>
    </>
  );
};
