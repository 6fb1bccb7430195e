import type { MiddlewareHandler } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import { problem } from "./problem.ts";

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;

/** The token of an `Authorization` header, RFC 6750; undefined where it has none. */
export const bearerOf = (authorization: string): string | undefined =>
  BEARER.exec(authorization)?.[1];

/** Takes the same time whatever was sent. */
export const isSameToken = (given: string, token: string): Promise<boolean> =>
  timingSafeEqual(given, token);

/** Lets in who knows the token, RFC 6750. Comparing takes the same time whatever was sent. */
export const requireToken =
  (token: string): MiddlewareHandler =>
  async (c, next) => {
    const given = bearerOf(c.req.header("authorization") ?? "") ?? "";
    if (await isSameToken(given, token)) return next();
    return problem(
      401,
      {
        title: "Unauthorized",
        code: "NO_TOKEN",
        detail: "Send the token of this ingestion interface: Authorization: Bearer …",
      },
      { "www-authenticate": 'Bearer realm="md-log-ingestion"' },
    );
  };
