import type { MiddlewareHandler } from "hono";
import { problem } from "../../problem.ts";
import { bearerOf, isSameToken } from "../../require-token.ts";

/**
 * Who may read. `open`: everybody who reaches it, for a laptop. `token`: who knows the token.
 * `outside`: something in front has let the caller in already, as the lock of the Lambda function
 * does. `closed`: nobody.
 */
export type Access =
  | { readonly mode: "open" | "outside" | "closed" }
  | { readonly mode: "token"; readonly token: string };

/** What holds where nothing was said: a dashboard that is not on a laptop stays shut. */
export const defaultAccess = (stage: string): Access => ({
  mode: stage === "local" ? "open" : "closed",
});

/** The password of HTTP Basic, whatever the user name is; undefined for anything else. */
const passwordOf = (authorization: string): string | undefined => {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  try {
    const pair = atob(encoded);
    const colon = pair.indexOf(":");
    return colon < 0 ? undefined : pair.slice(colon + 1);
  } catch {
    return undefined;
  }
};

const SHUT =
  "This dashboard is not on a laptop and nothing says who may read it: set DASHBOARD_TOKEN.";
const ASK = "Send the token: Authorization: Bearer …, or as the password of any user name.";

/**
 * Lets in who may read; to anybody else the shallow health answers, and nothing besides. Programs
 * send the token as RFC 6750 says, browsers ask for it as a password (RFC 7617): so there is no
 * session, no cookie to steal, and no request that changes anything.
 */
export const guardAccess =
  (access: Access, now: () => number): MiddlewareHandler =>
  async (c, next) => {
    if (access.mode === "open" || access.mode === "outside") return next();
    if (access.mode === "token") {
      const authorization = c.req.header("authorization") ?? "";
      const given = bearerOf(authorization) ?? passwordOf(authorization) ?? "";
      if (await isSameToken(given, access.token)) return next();
    }
    if (c.req.path === "/health")
      return c.json({
        status: "ok",
        service: "stage01-dashboard",
        timestamp: new Date(now()).toISOString(),
      });
    if (access.mode === "closed") return problem(503, { code: "NO_ACCESS_MODE", detail: SHUT });
    return problem(
      401,
      { title: "Unauthorized", code: "NO_TOKEN", detail: ASK },
      {
        "www-authenticate": 'Basic realm="md-log-ingestion dashboard", charset="UTF-8", Bearer',
        "cache-control": "no-store",
      },
    );
  };

/**
 * The API is for our pages and for programs. What a page of another site would fetch, with a
 * password that the browser remembers, is refused; a link that a person follows is not.
 */
export const ownPagesOnly: MiddlewareHandler = async (c, next) => {
  const site = c.req.header("sec-fetch-site");
  const isForeign = site === "cross-site" || site === "same-site";
  if (isForeign && c.req.path.startsWith("/api/") && c.req.header("sec-fetch-mode") !== "navigate")
    return problem(403, {
      title: "Forbidden",
      code: "FOREIGN_PAGE",
      detail: "A page of another site may not read this dashboard.",
    });
  return next();
};
