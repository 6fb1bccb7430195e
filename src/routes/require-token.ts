import type { MiddlewareHandler } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import { problem } from "./problem.ts";

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;

/** Lets in who knows the token, RFC 6750. Comparing takes the same time whatever was sent. */
export const requireToken =
  (token: string): MiddlewareHandler =>
  async (c, next) => {
    const given = BEARER.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
    if (await timingSafeEqual(given, token)) return next();
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
