import { Hono, type MiddlewareHandler } from "hono";
import type { ItemRefusal } from "../shared/core/ingest-body.ts";
import type { Logger } from "../shared/core/logger.ts";
import { cutRequest, type OtlpEncoding } from "../shared/core/otlp/cut-request.ts";
import { encodeExportResponse, encodeStatus } from "../shared/core/otlp/response.ts";
import type { Signal } from "../shared/core/signals.ts";
import { digestBody } from "./idempotency-key.ts";
import { retryAfterOf, statusOf } from "./ingest-answer.ts";
import type { IngestGate } from "./ingest-gate.ts";
import { methodNotAllowed, problem } from "./problem.ts";

/** The paths of https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
export const OTLP_PATHS: Readonly<Record<string, Signal>> = {
  "/v1/logs": "logs",
  "/v1/metrics": "metrics",
  "/v1/traces": "apm",
};

const ENCODINGS: Readonly<Record<string, OtlpEncoding>> = {
  "application/json": "json",
  "application/x-protobuf": "protobuf",
  "application/protobuf": "protobuf",
};

const mediaTypeOf = (request: Request): string =>
  (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

const encodingOf = (request: Request): OtlpEncoding | undefined => ENCODINGS[mediaTypeOf(request)];

/**
 * Makes a google.rpc.Status of every problem on the way out, in the encoding of the request, the
 * refusals of host, origin and token among them.
 */
const statusBodies: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.headers.get("content-type") !== "application/problem+json") return;
  const { status } = c.res;
  const { detail = "" } = (await c.res.json()) as { detail?: string };
  const encoding = encodingOf(c.req.raw);
  c.res = new Response(encodeStatus(status, detail, encoding ?? "json"), {
    status,
    headers: {
      "content-type": encoding === undefined ? "application/json" : mediaTypeOf(c.req.raw),
    },
  });
};

const NAMED_REFUSALS = 5;

const ITEMS: Readonly<Record<Signal, string>> = {
  logs: "log records",
  metrics: "data points",
  apm: "spans",
};

const explain = (errors: readonly ItemRefusal[], count: number, signal: Signal): string => {
  const named = errors.slice(0, NAMED_REFUSALS);
  const reasons = named.map(({ index, code, reason }) => `${index}: ${code}, ${reason}`).join(" ");
  const more = errors.length > named.length ? ` And ${errors.length - named.length} more.` : "";
  return `${errors.length} of ${count} ${ITEMS[signal]} refused. By position, from 0: ${reasons}${more}`;
};

/** Of the whole request: there is no status for a part, and one that has to wait is refused. */
const statusFor = (taken: number, errors: readonly ItemRefusal[]): number => {
  const hasToWait = errors.some(({ retryable }) => retryable);
  const status = statusOf(hasToWait ? 0 : taken, errors);
  return status === 207 ? 200 : status;
};

const createExportHandler = (gate: IngestGate, log: Logger, signal: Signal) => {
  const { door, totals, retries, withBody } = gate;

  /** Up to here the body is in memory; what is awaited afterwards holds none of it. */
  const take = (request: Request, encoding: OtlpEncoding) =>
    withBody(request, async (body) => {
      const cut = cutRequest(body, encoding, signal);
      if (!cut.ok) {
        const isTooLarge = cut.code === "TOO_LARGE" || cut.code === "TOO_MANY";
        return problem(isTooLarge ? 413 : 400, { code: cut.code, detail: cut.reason });
      }
      const digest = await digestBody(body as Uint8Array<ArrayBuffer>, "otlp", signal);
      const open = retries.openOf(digest);
      const items = open ? cut.items.filter(({ index }) => open.has(index)) : cut.items;
      const count = cut.items.length;
      const submission = await door.submit(items, signal);
      // Without a key nothing stands in its way.
      if (!submission.ok) throw new Error(`Not submitted: ${submission.kind}.`);
      return { digest, count, refused: cut.refused, outcome: submission.outcome };
    });

  const answer = async (request: Request): Promise<Response> => {
    const encoding = encodingOf(request);
    if (encoding === undefined)
      return problem(415, {
        code: "UNSUPPORTED_MEDIA_TYPE",
        detail: `Content-Type ${request.headers.get("content-type")} is not taken. Send application/x-protobuf or application/json.`,
      });
    const taken = await take(request, encoding);
    if (taken instanceof Response) return taken;
    if ("refusal" in taken) {
      const { status, problem: members } = taken.refusal;
      return problem(status, members, retryAfterOf(status));
    }
    const { digest, count, refused } = taken;
    const { acceptedBySignal, errors: failed } = await taken.outcome;
    const errors = [...refused, ...failed].sort((a, b) => a.index - b.index);
    totals.addItems(acceptedBySignal, errors);
    const open = failed.filter(({ retryable }) => retryable).map(({ index }) => index);
    // Where nothing was stored, all of it is to be taken anyway.
    retries.settle(digest, open.length < count ? open : []);
    const status = statusFor(count - failed.length, errors);
    const all = count + refused.length;
    if (status !== 200)
      return problem(status, { detail: explain(errors, all, signal) }, retryAfterOf(status));
    const warning = door.isStoring ? undefined : "Kinesis is disabled, so nothing was stored.";
    const message = errors.length > 0 ? explain(errors, all, signal) : warning;
    const partial = message === undefined ? undefined : { rejected: errors.length, message };
    return new Response(encodeExportResponse(signal, encoding, partial), {
      headers: { "content-type": mediaTypeOf(request) },
    });
  };

  return async (request: Request): Promise<Response> => {
    let response: Response;
    try {
      response = await answer(request);
    } catch (error) {
      log.error({ err: error, signal }, "An OTLP request failed unexpectedly.");
      // Clients drop what is answered with 500.
      response = problem(
        503,
        { code: "INTERNAL", detail: "Something failed here. Its log says more." },
        retryAfterOf(503),
      );
    }
    totals.addAnswer(response.status);
    return response;
  };
};

/** To be used before any check of the caller, so that its refusals are what OTLP clients can read. */
export const otlpStatusBodies = (): Hono => {
  const app = new Hono();
  for (const path of Object.keys(OTLP_PATHS)) app.use(path, statusBodies);
  return app;
};

export type OtlpDeps = { gate: IngestGate; log: Logger };

/**
 * OTLP/HTTP, https://opentelemetry.io/docs/specs/otlp/: 200 says that every item is kept or, with
 * `partial_success`, that some can never be. Where only waiting helps the whole request is refused
 * with 429 or 503, and what was kept of it is not taken again when it comes again.
 */
export const createOtlpRoutes = ({ gate, log }: OtlpDeps): Hono => {
  const app = new Hono();
  for (const [path, signal] of Object.entries(OTLP_PATHS)) {
    const take = createExportHandler(gate, log, signal);
    app.post(path, (c) => take(c.req.raw));
    app.all(path, (c) => methodNotAllowed(c.req.path, "POST"));
  }
  return app;
};
