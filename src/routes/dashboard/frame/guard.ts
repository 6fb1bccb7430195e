import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { methodNotAllowed } from "../../problem.ts";

/** The dashboard changes nothing: GET and HEAD only. */
export const readOnly: MiddlewareHandler = async (c, next) =>
  c.req.method === "GET" || c.req.method === "HEAD"
    ? next()
    : methodNotAllowed(new URL(c.req.url).pathname, "GET, HEAD");

const NONE = ["'none'"];
const SELF = ["'self'"];

const OWN_FILES = {
  defaultSrc: NONE,
  styleSrc: SELF,
  scriptSrc: SELF,
  imgSrc: ["'self'", "data:"],
  connectSrc: SELF,
  formAction: SELF,
  baseUri: NONE,
  frameAncestors: NONE,
};

const secure = (contentSecurityPolicy: Parameters<typeof secureHeaders>[0]) =>
  secureHeaders({
    ...contentSecurityPolicy,
    referrerPolicy: "no-referrer",
    xFrameOptions: "DENY",
    // Plain HTTP on a laptop; where there is TLS, what ends it sets this.
    strictTransportSecurity: false,
  });

const protectOwn = secure({
  contentSecurityPolicy: {
    ...OWN_FILES,
    workerSrc: SELF,
    requireTrustedTypesFor: ["'script'"],
    // The one policy of src/ui: it lets a page start the workers we serve, and nothing else.
    trustedTypes: ["dash"],
  },
});

/** The API's viewer makes markup and inline styles; all it reads is a document of our own. */
const protectViewer = secure({
  contentSecurityPolicy: { ...OWN_FILES, styleSrc: ["'self'", "'unsafe-inline'"] },
});

/** An object's own bytes: should a browser open them after all, nothing in them may do anything. */
const protectBytes = secure({ contentSecurityPolicy: { sandbox: [], defaultSrc: NONE } });

/** Own files only, nothing inline, no frames; scripts may not turn text into markup. */
export const protectPage: MiddlewareHandler = (c, next) => {
  if (c.req.path.startsWith("/api/s3/object/") || c.req.path === "/api/quarantine/record/raw")
    return protectBytes(c, next);
  return c.req.path === "/docs" ? protectViewer(c, next) : protectOwn(c, next);
};
