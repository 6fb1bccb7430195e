import { bucketLink } from "../links.ts";

/** What a page of the browser shows; each member is one of its query's. */
export type View = {
  prefix?: string | undefined;
  q?: string | undefined;
  match?: "prefix" | "contains" | undefined;
  min?: string | undefined;
  max?: string | undefined;
  after?: string | undefined;
  before?: string | undefined;
  sort?: "key" | "size" | "modified" | undefined;
  dir?: "asc" | "desc" | undefined;
  cursor?: string | undefined;
  /** Cursors of the pages before this one, the last of them last. */
  trail?: string | undefined;
};

/** Address of a view; what is as it would be anyway is left out. */
export const viewLink = (bucket: string, view: View): string => {
  const query = Object.entries(view).flatMap(([name, value]) =>
    value && !(name === "match" && value === "prefix") && !(name === "sort" && value === "key")
      ? [`${name}=${encodeURIComponent(value)}`]
      : [],
  );
  const path = bucketLink(bucket);
  return query.length === 0 ? path : `${path}?${query.join("&")}`;
};

const FIRST_PAGE = ".";
const MAX_TRAIL = 8;

/** The trail of the page behind this one. */
export const trailBehind = ({ cursor, trail = "" }: View): string =>
  [...trail.split("~").filter(Boolean), cursor ?? FIRST_PAGE].slice(-MAX_TRAIL).join("~");

/** The page before this one, as far as the trail goes back. */
export const pageBefore = (view: View): View | undefined => {
  const trail = (view.trail ?? "").split("~").filter(Boolean);
  const last = trail.pop();
  if (last === undefined) return undefined;
  return {
    ...view,
    cursor: last === FIRST_PAGE ? undefined : last,
    trail: trail.length === 0 ? undefined : trail.join("~"),
  };
};
