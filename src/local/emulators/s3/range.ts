import { S3Error } from "./errors.ts";

/**
 * The bytes `start` to `end` (exclusive) that a Range header asks for; undefined for none, several
 * ranges, or one that is malformed, all of which S3 answers with the whole object. Throws
 * InvalidRange (416) where no byte of it exists.
 */
export const parseRange = (
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (first === "" && last === "") return undefined;
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(Number(last) + 1, size);
  if (start >= end)
    throw new S3Error(416, "InvalidRange", "The requested range is not satisfiable", {
      details: { RangeRequested: header ?? "", ActualObjectSize: String(size) },
      headers: { "content-range": `bytes */${size}` },
    });
  return { start, end };
};
