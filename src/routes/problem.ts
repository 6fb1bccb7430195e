/** Words for a failed request, RFC 9457. Members besides these are sent as they are. */
export type Problem = {
  /** What is wrong with this request and what to do about it, in one or two sentences. */
  readonly detail: string;
  /** Stable name for programs, such as `BODY_TOO_LARGE`. */
  readonly code?: string;
  readonly [member: string]: unknown;
};

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** An `application/problem+json` answer. */
export const problem = (
  status: number,
  members: Problem,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(
    JSON.stringify({ type: "about:blank", title: TITLES[status] ?? "Error", status, ...members }),
    { status, headers: { "content-type": "application/problem+json", ...headers } },
  );

/** 405 with its `Allow` header. */
export const methodNotAllowed = (path: string, allow: string): Response =>
  problem(405, { code: "METHOD_NOT_ALLOWED", detail: `${path} answers ${allow} only.` }, { allow });
