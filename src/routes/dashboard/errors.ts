import { BackendError } from "../../shared/core/dashboard/backend-error.ts";
import type { Logger } from "../../shared/core/logger.ts";
import { problem } from "../problem.ts";
import { QueryError } from "./query.ts";

export const unknown = (what: "bucket" | "stream" | "object", name: string): Response =>
  problem(404, {
    code: `UNKNOWN_${what.toUpperCase()}`,
    detail: `There is no ${what} named ${name}.`,
  });

/** Status and words for anything that was thrown. What it was inside never leaves the process. */
export const describeError = (
  error: unknown,
): { status: number; code: string; detail: string; parameter?: string } => {
  if (error instanceof QueryError)
    return {
      status: 400,
      code: "BAD_PARAMETER",
      detail: error.message,
      parameter: error.parameter,
    };
  if (error instanceof BackendError) {
    // The one thing a client sends that only the store can judge.
    if (error.code === "InvalidArgument")
      return {
        status: 400,
        code: "BAD_PARAMETER",
        detail: "S3 does not know this cursor. Start from the first page.",
        parameter: "cursor",
      };
    const status = error.kind === "unreachable" ? 503 : 502;
    return {
      status,
      code: `${error.backend.toUpperCase()}_${error.kind.toUpperCase()}`,
      detail: error.message,
    };
  }
  return { status: 500, code: "INTERNAL", detail: "The dashboard failed. Its log says why." };
};

/** Any thrown error as `application/problem+json`; unexpected ones are logged. */
export const problemOf = (error: unknown, log: Logger): Response => {
  const { status, ...members } = describeError(error);
  if (status === 500) log.error({ err: error }, "A dashboard request failed unexpectedly.");
  return problem(status, members, status === 503 ? { "retry-after": "5" } : {});
};
