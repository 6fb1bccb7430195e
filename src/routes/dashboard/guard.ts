import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { methodNotAllowed, problem } from "../problem.ts";

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const EVERY_INTERFACE = new Set(["0.0.0.0", "::", "[::]"]);
const IP_LITERAL = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

/** The name in a Host header, without its port, in lower case. */
const hostName = (header: string): string =>
  header.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");

/**
 * Answers requests for this host only. A page elsewhere can point a name of its own at 127.0.0.1
 * (DNS rebinding) and would then read everything here; its Host header gives it away. Where HOST is
 * every interface, any address is right and only names are refused.
 */
export const allowHost = (configuredHost: string): MiddlewareHandler => {
  const configured = hostName(
    configuredHost.includes(":") && !configuredHost.startsWith("[")
      ? `[${configuredHost}]`
      : configuredHost,
  );
  const takesAnyAddress = EVERY_INTERFACE.has(configured);
  const allowed = new Set([...LOOPBACK_NAMES, configured]);
  return async (c, next) => {
    const host = hostName(c.req.header("host") ?? new URL(c.req.url).host);
    if (allowed.has(host) || (takesAnyAddress && IP_LITERAL.test(host))) return next();
    return problem(421, {
      title: "Misdirected Request",
      code: "UNKNOWN_HOST",
      detail: `This dashboard does not answer for ${JSON.stringify(host)}. Open it as localhost or 127.0.0.1, or set HOST to the name it should have.`,
    });
  };
};

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
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
    trustedTypes: ["'none'"],
  },
  referrerPolicy: "no-referrer",
  xFrameOptions: "DENY",
  // Plain HTTP on a laptop; where there is TLS, what ends it sets this.
  strictTransportSecurity: false,
});
