import type { SortedIndex } from "./sorted-index.ts";
import { compareUtf8 } from "./utf8-order.ts";

/** Where a listing goes on: after a key, or after everything below a common prefix. */
export type ListPosition = { readonly after: string; readonly isPrefix: boolean } | undefined;

export type ListItem<T> =
  | { readonly kind: "object"; readonly key: string; readonly value: T }
  | { readonly kind: "prefix"; readonly prefix: string };

export type ListPage<T> = { items: ListItem<T>[]; next: ListPosition };

/**
 * One page of a listing in UTF-8 byte order. Keys that share the part up to the first `delimiter`
 * after `prefix` appear once, as a common prefix. `next` is undefined on the last page. Costs what
 * the page holds, however many keys there are and however many lie below a common prefix.
 */
export const listPage = <T>(
  index: SortedIndex<T>,
  {
    prefix,
    delimiter,
    position,
    maxKeys,
  }: { prefix: string; delimiter: string; position: ListPosition; maxKeys: number },
): ListPage<T> => {
  const items: ListItem<T>[] = [];
  if (maxKeys === 0) return { items, next: undefined };
  const isBeforePrefix = (key: string) => compareUtf8(key, prefix) < 0;
  const isUpTo = (end: ListPosition) => (key: string) =>
    end !== undefined &&
    (compareUtf8(key, end.after) <= 0 || (end.isPrefix && key.startsWith(end.after)));

  let reached = position;
  for (;;) {
    const end = isUpTo(reached);
    let folded = false;
    for (const [key, value] of index.from((key) => isBeforePrefix(key) || end(key))) {
      if (!key.startsWith(prefix)) return { items, next: undefined };
      if (items.length === maxKeys) return { items, next: reached };
      const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      if (cut < 0) {
        items.push({ kind: "object", key, value });
        reached = { after: key, isPrefix: false };
        continue;
      }
      const common = key.slice(0, cut + delimiter.length);
      items.push({ kind: "prefix", prefix: common });
      reached = { after: common, isPrefix: true };
      folded = true;
      break;
    }
    if (!folded) return { items, next: undefined };
  }
};
