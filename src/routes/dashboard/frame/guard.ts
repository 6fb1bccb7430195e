import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { methodNotAllowed } from "../../problem.ts";

/** The dashboard changes nothing: GET and HEAD only. */
export const readOnly: MiddlewareHandler = async (c, next) =>
  c.req.method === "GET" || c.req.method === "HEAD"
    ? next()
    : methodNotAllowed(new URL(c.req.url).pathname, "GET, HEAD");

/** Own files only, nothing inline, no frames; scripts may not turn text into markup. */
export const protectPage: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    scriptSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    connectSrc: ["'self'"],
    workerSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
    // The one policy of src/ui: it lets a page start the workers we serve, and nothing else.
    trustedTypes: ["dash"],
  },
  referrerPolicy: "no-referrer",
  xFrameOptions: "DENY",
  // Plain HTTP on a laptop; where there is TLS, what ends it sets this.
  strictTransportSecurity: false,
});
