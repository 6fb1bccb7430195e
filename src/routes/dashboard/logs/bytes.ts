import type { Context } from "hono";
import { BackendError } from "../../../shared/core/dashboard/backend-error.ts";
import { isGzipKey, UnpackError } from "../../../shared/core/dashboard/logs/unpack.ts";
import { problem } from "../../problem.ts";
import { unknown } from "../errors.ts";
import type { LogsPorts } from "./deps.ts";
import { parseByteRange, parseNumber } from "./query.ts";

const DEADLINE_MS = 120_000;
const WINDOW_MAX_LINES = 200_000;
const WINDOW_MAX_BYTES = 32 * 1024 * 1024;

/** RFC 6266: a plain name for old clients, the real one for all others. */
const dispositionOf = (key: string, suffix = ""): string => {
  const name = `${key.slice(key.lastIndexOf("/") + 1) || "object"}${suffix}`;
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.replace(/\p{Cc}/gu, "_")).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
};

/**
 * Whatever an object holds, a browser only saves it: its stored type is never obeyed. The content
 * policy of these answers is the guard's.
 */
const safeHeaders = (key: string, type: string, suffix?: string): Record<string, string> => ({
  "Content-Type": type,
  "Content-Disposition": dispositionOf(key, suffix),
  "X-Content-Type-Options": "nosniff",
});

const signalOf = (c: Context): AbortSignal =>
  AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(DEADLINE_MS)]);

const outOfRange = (detail: string): Response =>
  problem(416, { title: "Range Not Satisfiable", code: "OUT_OF_RANGE", detail });

/** The stored bytes, whole or the range that was asked for. */
export const sendBytes = async (
  c: Context,
  { reader, maxAnswerBytes }: LogsPorts,
  bucket: string,
  key: string,
): Promise<Response> => {
  const asked = parseByteRange(c.req.header("range"));
  const most =
    maxAnswerBytes === undefined || asked === undefined
      ? undefined
      : asked.firstByte + maxAnswerBytes - 1;
  const lastByte = most === undefined ? asked?.lastByte : Math.min(asked?.lastByte ?? most, most);
  const opened = await reader.open(
    { bucket, key, firstByte: asked?.firstByte, lastByte },
    signalOf(c),
  );
  if ("missing" in opened) {
    if (opened.missing === "range") return outOfRange("The object has no such byte.");
    return opened.missing === "bucket" ? unknown("bucket", bucket) : unknown("object", key);
  }
  const { size, body, etag, lastModified } = opened;
  if (asked === undefined && maxAnswerBytes !== undefined && size > maxAnswerBytes) {
    await body.cancel();
    return problem(413, {
      code: "ANSWER_TOO_LARGE",
      detail: `The object has ${size} bytes; here one answer has at most ${maxAnswerBytes}. Ask for ranges of it (Range: bytes=0-${maxAnswerBytes - 1}), or copy it with the aws CLI.`,
    });
  }
  const end = Math.min(lastByte ?? size - 1, size - 1);
  const length = asked === undefined ? size : end - asked.firstByte + 1;
  const headers: Record<string, string> = {
    ...safeHeaders(key, "application/octet-stream"),
    "Accept-Ranges": "bytes",
    "Content-Length": String(length),
    ...(etag === undefined ? {} : { ETag: etag }),
    ...(lastModified === undefined ? {} : { "Last-Modified": lastModified.toUTCString() }),
    ...(asked === undefined ? {} : { "Content-Range": `bytes ${asked.firstByte}-${end}/${size}` }),
  };
  if (c.req.method === "HEAD") {
    await body.cancel();
    return c.body(null, 200, headers);
  }
  return new Response(body, { status: asked === undefined ? 200 : 206, headers });
};

/** Lines from a number on, byte for byte, and where the next ones begin. */
export const sendLines = async (
  c: Context,
  { reader, maxAnswerBytes }: LogsPorts,
  bucket: string,
  key: string,
): Promise<Response> => {
  const max = Number.MAX_SAFE_INTEGER;
  const fromLine = parseNumber("from", c.req.query("from"), { min: 1, max, fallback: 1 });
  const bounds = { min: 1, max: WINDOW_MAX_LINES, fallback: 1_000 };
  const maxLines = parseNumber("limit", c.req.query("limit"), bounds);
  const byte = parseNumber("at", c.req.query("at"), { min: 0, max, fallback: 0 });
  const maxBytes = Math.min(WINDOW_MAX_BYTES, maxAnswerBytes ?? WINDOW_MAX_BYTES);
  try {
    const window = await reader.window(
      { bucket, key },
      { fromLine, maxLines, maxBytes },
      byte === 0 ? undefined : { line: fromLine, byte },
      signalOf(c),
    );
    if ("missing" in window) {
      if (window.missing === "range") return outOfRange("The object ends before this byte.");
      return window.missing === "bucket" ? unknown("bucket", bucket) : unknown("object", key);
    }
    if (window.lineCount === 0 && fromLine > 1)
      return outOfRange(`The object has fewer than ${fromLine} lines.`);
    const { bytes, lineCount, firstByte, next, size } = window;
    return new Response(bytes, {
      headers: {
        ...safeHeaders(key, "text/plain; charset=utf-8", ".lines.txt"),
        "X-Object-Size": String(size),
        "X-First-Line": String(fromLine),
        "X-First-Byte": String(firstByte),
        "X-Line-Count": String(lineCount),
        ...(next === undefined
          ? {}
          : { "X-Next-Line": String(next.line), "X-Next-Byte": String(next.byte) }),
      },
    });
  } catch (error) {
    if (error instanceof UnpackError)
      return problem(422, { code: "UNPACKS_TOO_FAR", detail: `${key}: ${error.message}` });
    if (isGzipKey(key) && !(error instanceof BackendError) && !c.req.raw.signal.aborted)
      return problem(422, { code: "DAMAGED", detail: `${key} is damaged: it cannot be unpacked.` });
    throw error;
  }
};
