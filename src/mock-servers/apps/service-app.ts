import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { allowHost, refuseOtherOrigins } from "../../routes/allow-host.ts";
import { problem } from "../../routes/problem.ts";
import { INGEST_MAX_BODY_BYTES } from "../../shared/core/limits.ts";
import type { Logger } from "../../shared/core/logger.ts";
import { Refusal } from "./request.ts";

export type ServiceAppOptions = { name: string; log: Logger };

const tooLarge = (): Response =>
  problem(413, {
    code: "BODY_TOO_LARGE",
    detail: `A body has at most ${INGEST_MAX_BODY_BYTES} bytes.`,
  });

/**
 * What every simulated service has: it answers for the loopback names only, and says in words
 * (`detail`, as the original services do) what is wrong with a request.
 */
export const createServiceApp = ({ name, log }: ServiceAppOptions): Hono => {
  const app = new Hono();
  const rule = { what: name, host: "127.0.0.1" };
  app.use(allowHost(rule), refuseOtherOrigins(rule));
  app.use(bodyLimit({ maxSize: INGEST_MAX_BODY_BYTES, onError: tooLarge }));
  app.notFound((c) =>
    problem(404, {
      code: "NOT_FOUND",
      detail: `No ${c.req.method} ${c.req.path} in ${name}. See docs/mock-servers.md for what there is.`,
    }),
  );
  app.onError((error, c) => {
    if (error instanceof Refusal) return problem(error.status, error.problem, error.headers);
    log.error({ err: error, path: c.req.path }, `A request to ${name} failed unexpectedly.`);
    return problem(500, { code: "INTERNAL", detail: `Something failed in ${name}.` });
  });
  return app;
};
