import type { MiddlewareHandler } from "hono";
import { problem } from "./problem.ts";

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const EVERY_INTERFACE = new Set(["0.0.0.0", "::", "[::]"]);
const IP_LITERAL = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

/** The name in a Host header, without its port, in lower case. */
const hostName = (header: string): string =>
  header.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");

const bracketed = (host: string): string =>
  host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;

export type HostRule = {
  /** Of this server, for the answer to a stranger, such as `dashboard`. */
  readonly what: string;
  /** HOST, the address it listens on. */
  readonly host: string;
  /** ALLOWED_HOSTS. */
  readonly others?: readonly string[] | undefined;
};

const isAllowedBy = ({ host, others = [] }: HostRule): ((name: string) => boolean) => {
  const configured = hostName(bracketed(host));
  const takesAnyAddress = EVERY_INTERFACE.has(configured);
  const allowed = new Set([...LOOPBACK_NAMES, configured, ...others.map(bracketed)]);
  return (name) => allowed.has(name) || (takesAnyAddress && IP_LITERAL.test(name));
};

/**
 * Answers requests for this host only. A page elsewhere can point a name of its own at 127.0.0.1
 * (DNS rebinding) and would then reach everything here; its Host header gives it away. Where HOST is
 * every interface, any address is right and only unknown names are refused.
 */
export const allowHost = (rule: HostRule): MiddlewareHandler => {
  const isAllowed = isAllowedBy(rule);
  return async (c, next) => {
    const host = hostName(c.req.header("host") ?? new URL(c.req.url).host);
    if (isAllowed(host)) return next();
    return problem(421, {
      title: "Misdirected Request",
      code: "UNKNOWN_HOST",
      detail: `This ${rule.what} does not answer for ${JSON.stringify(host)}. Reach it as localhost or 127.0.0.1, set HOST to the name it should have, or add the name to ALLOWED_HOSTS.`,
    });
  };
};

/**
 * Refuses what a page of another site makes a browser send: a form needs no permission to post
 * text/plain to 127.0.0.1, and its Origin header gives it away. Programs send no Origin.
 */
export const refuseOtherOrigins = (rule: HostRule): MiddlewareHandler => {
  const isAllowed = isAllowedBy(rule);
  return async (c, next) => {
    const origin = c.req.header("origin");
    if (origin === undefined) return next();
    const { host } = URL.canParse(origin) ? new URL(origin) : { host: "" };
    if (host !== "" && isAllowed(hostName(host))) return next();
    return problem(403, {
      title: "Forbidden",
      code: "OTHER_ORIGIN",
      detail: `Pages of ${JSON.stringify(origin)} may not call this ${rule.what}. Add the name of their host to ALLOWED_HOSTS if they should.`,
    });
  };
};
