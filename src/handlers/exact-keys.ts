import { Hono } from "hono";
import { problem } from "../routes/problem.ts";
import type { LambdaEnv } from "./access.ts";

const OBJECT_PATH = /^(\/api\/s3\/object\/[^/]+\/)([\s\S]+)$/;
/** A function URL hands on the path as it was sent; an HTTP API decodes it, and cuts it at a `?`. */
const FUNCTION_URL = /\.lambda-url\./;
/** Keys that decoding leaves as they are, whole: those of part objects. */
const PLAIN_KEY = /^(?!.*(^|\/)\.{0,2}\/)[\w.=/-]*part-[0-9a-f-]{36}\.jsonl(\.gz)?$/;

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/**
 * The path of a request for an object, so that no URL parser on the way changes its key; null where
 * the key cannot be told from the path, undefined where the path names no object.
 * https://github.com/honojs/hono/issues/2156
 */
export const exactObjectPath = (rawPath: string, domainName: string): string | null | undefined => {
  const [, before = "", rest] = OBJECT_PATH.exec(rawPath) ?? [];
  if (rest === undefined || rest === "_") return undefined;
  if (!FUNCTION_URL.test(domainName)) return PLAIN_KEY.test(rest) ? rawPath : null;
  const key = decoded(rest);
  // Nothing can be done about these: a URL parser takes them for the folder, encoded or not.
  if (key === undefined || key === "." || key === "..") return null;
  return `${before}${encodeURIComponent(key)}`;
};

/** The app behind Lambda's doors: it gets the key that was asked for, or nobody gets an object. */
export const keepKeysExact = (app: Hono): Hono => {
  const exact = new Hono();
  exact.all("*", (c) => {
    const { event } = c.env as LambdaEnv["Bindings"];
    const path =
      "rawPath" in event
        ? exactObjectPath(event.rawPath, event.requestContext.domainName)
        : undefined;
    if (path === null)
      return problem(400, {
        code: "BAD_PARAMETER",
        parameter: "key",
        detail:
          "This key does not get through in a path. Send it as /api/s3/object/{bucket}/_?key=.",
      });
    if (path === undefined) return app.fetch(c.req.raw, c.env);
    const url = new URL(c.req.url);
    url.pathname = path;
    return app.fetch(new Request(url, c.req.raw), c.env);
  });
  return exact;
};
