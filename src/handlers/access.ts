import { createHash, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import type { LambdaContext, LambdaEvent } from "hono/aws-lambda";
import { basicAuth } from "hono/basic-auth";
import { bearerAuth } from "hono/bearer-auth";
import { some } from "hono/combine";
import { HTTPException } from "hono/http-exception";
import { problem } from "../routes/problem.ts";
import type { Logger } from "../shared/core/logger.ts";

export type AccessDeps = {
  mode: "aws_iam" | "token" | "none";
  /** The token that callers must know. Rejects where it cannot be had. */
  readToken: () => Promise<string>;
  log: Logger;
};

export type LambdaEnv = { Bindings: { event: LambdaEvent; lambdaContext: LambdaContext } };

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Takes the same time whatever the texts are. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/** AWS puts an authorizer into the context of a request whose signature it has checked. */
const hasAuthorizer = (c: Context<LambdaEnv>): boolean => {
  const { authorizer } = c.env.event.requestContext as { authorizer?: unknown };
  return typeof authorizer === "object" && authorizer !== null;
};

/**
 * The app behind a lock. `aws_iam`: only what an authorizer of AWS let through, so that a door that
 * was left open by mistake opens nothing. `token`: a Bearer token, or any user name with the token
 * as password, which is what a browser asks for.
 */
export const lockApp = (app: Hono, { mode, readToken, log }: AccessDeps): Hono<LambdaEnv> => {
  const locked = new Hono<LambdaEnv>();
  if (mode === "aws_iam")
    locked.use(async (c, next) => {
      if (hasAuthorizer(c)) return next();
      return problem(403, {
        title: "Forbidden",
        code: "NO_AUTHORIZER",
        detail:
          "This function answers signed requests only. Sign with SigV4 for the service lambda.",
      });
    });
  if (mode === "token")
    locked.use(async (c, next) => {
      const token = await readToken();
      const knows = some(
        bearerAuth({ verifyToken: (given) => isSame(given, token) }),
        basicAuth({ verifyUser: (_user, password) => isSame(password, token) }),
      );
      return knows(c, next);
    });
  locked.route("/", app);
  locked.onError((error) => {
    if (error instanceof HTTPException && error.status === 401)
      return problem(
        401,
        {
          title: "Unauthorized",
          code: "NO_TOKEN",
          detail: "Send the token: Authorization: Bearer …, or as the password of any user.",
        },
        { "www-authenticate": 'Basic realm="md-log-ingestion", Bearer' },
      );
    log.error({ err: error }, "The token could not be read, so nobody is let in.");
    return problem(503, {
      code: "NO_ACCESS_CHECK",
      detail: "Who may call could not be checked. The log of the function says why.",
    });
  });
  return locked;
};
