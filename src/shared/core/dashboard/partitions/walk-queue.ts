import { levelValue } from "./layout.ts";

type FolderLevel = "service" | "year" | "month" | "day";

/** A folder that a walk has to look into. */
export type WalkNode = {
  level: FolderLevel;
  prefix: string;
  /** The newest date that can lie in it, `YYYY-MM-DD` with 99 for what is open. */
  bound: string;
  /** The oldest one. */
  oldest: string;
  /** Of a day that was begun: the last key that was counted. */
  after?: string;
};

const RANK: Readonly<Record<FolderLevel, number>> = { service: 0, year: 1, month: 2, day: 3 };

/** What a prefix is in a walk; undefined for what is no level of the layout. */
export const orderOf = (prefix: string): WalkNode | undefined => {
  const parts = prefix.split("/").slice(0, -1);
  const level = (["service", "year", "month", "day"] as const)[parts.length - 1];
  if (level === undefined || levelValue(prefix, level) === undefined) return undefined;
  const [year = "9999", month = "99", day = "99"] = parts
    .slice(1)
    .map((part) => part.slice(part.indexOf("=") + 1));
  const [oldYear = "0000", oldMonth = "00", oldDay = "00"] = parts
    .slice(1)
    .map((part) => part.slice(part.indexOf("=") + 1));
  return {
    level,
    prefix,
    bound: `${year}-${month}-${day}`,
    oldest: `${oldYear}-${oldMonth}-${oldDay}`,
  };
};

const compare = (a: WalkNode, b: WalkNode): number => {
  if (a.bound !== b.bound) return a.bound < b.bound ? 1 : -1;
  if (a.level !== b.level) return RANK[a.level] - RANK[b.level];
  return a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : 0;
};

/**
 * The folders still to look into, newest date first: a month is opened before its days, and only
 * when nothing newer is left. Days up to `at` are done and stay out.
 */
export const createWalkQueue = (
  services: readonly string[],
  at: readonly [bound: string, prefix: string] | undefined,
) => {
  let nodes = services.flatMap((prefix) => orderOf(prefix) ?? []);
  let frontier: [string, string] | undefined = at ? [at[0], at[1]] : undefined;
  const doneUpTo = at;

  const isDone = ({ level, bound, oldest, prefix }: WalkNode): boolean => {
    if (doneUpTo === undefined) return false;
    const [date, last] = doneUpTo;
    if (level !== "day") return oldest > date;
    return bound > date || (bound === date && prefix <= last);
  };

  /** Puts a begun day back, to be gone on with behind a key. */
  const open = (prefix: string, after: string): void => {
    const node = orderOf(prefix);
    if (node === undefined) return;
    nodes.push({ ...node, after });
    nodes.sort(compare);
  };

  return {
    open,
    nodes: (): readonly WalkNode[] => nodes,
    isEmpty: (): boolean => nodes.length === 0,
    hasFolders: (): boolean => nodes.some(({ level }) => level !== "day"),
    opened: (): WalkNode[] => nodes.filter(({ after }) => after !== undefined),
    frontier: () => frontier,

    /** Takes in what was found in a folder, and gives back what of it is still to do. */
    add: (found: readonly WalkNode[]): WalkNode[] => {
      const fresh = found.filter((node) => !isDone(node));
      nodes.push(...fresh);
      nodes.sort(compare);
      return fresh;
    },

    /** Up to `limit` folders that are no days, wherever they stand. */
    takeFolders: (limit: number): WalkNode[] => {
      const taken = nodes.filter(({ level }) => level !== "day").slice(0, Math.max(0, limit));
      const gone = new Set(taken);
      nodes = nodes.filter((node) => !gone.has(node));
      return taken;
    },

    /** Up to `limit` from the head that may be looked into together. */
    take: (limit: number): WalkNode[] => {
      const [head] = nodes;
      if (head === undefined || limit <= 0) return [];
      const isAlike = (node: WalkNode) =>
        node.level === head.level && (head.level === "day" || node.bound === head.bound);
      const end = nodes.findIndex((node) => !isAlike(node));
      const taken = nodes.slice(0, Math.min(limit, end < 0 ? nodes.length : end));
      nodes = nodes.slice(taken.length);
      const last = taken
        .filter(({ level, after }) => level === "day" && after === undefined)
        .at(-1);
      if (last) frontier = [last.bound, last.prefix];
      return taken;
    },
  };
};
