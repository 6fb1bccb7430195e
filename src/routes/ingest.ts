import { Hono } from "hono";
import { type CutBody, cutItems, type ItemRefusal } from "../shared/core/ingest-body.ts";
import { INGEST_MAX_BODY_BYTES } from "../shared/core/limits.ts";
import type { Logger } from "../shared/core/logger.ts";
import type { BodyDecoder } from "../shared/core/ports.ts";
import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from "../shared/core/prometheus.ts";
import type { PutRecordsEngine, SubmitResult } from "../shared/core/put-records-engine.ts";
import { healthOf, metricsOf } from "./ingest-reports.ts";
import { createByteBudget, createRequestReader } from "./ingest-request.ts";
import { createIngestTotals, ingestMetricFamilies } from "./ingest-totals.ts";
import { methodNotAllowed, type Problem, problem } from "./problem.ts";

export type IngestDeps = {
  /** Undefined where KINESIS_ENABLED is false: logs are checked, counted and go nowhere. */
  engine: PutRecordsEngine | undefined;
  streamName: string;
  bodyDecoder: BodyDecoder;
  /** Epoch milliseconds. */
  now: () => number;
  log: Logger;
  /** Bodies being read, together; past it the answer is 429. */
  maxBodiesBytes: number;
};

type IngestStatus = 200 | 207 | 400 | 413 | 429 | 503;

const RETRY_AFTER_SECONDS: Readonly<Record<number, string>> = { 429: "1", 503: "2" };

/** Where nothing was accepted: what the sender should do decides, retrying before mending. */
const statusOfRefusal = (errors: readonly ItemRefusal[]): IngestStatus => {
  if (errors.some(({ code }) => code === "QUEUE_FULL")) return 429;
  if (errors.some(({ retryable }) => retryable)) return 503;
  return errors.every(({ code }) => code === "TOO_LARGE" || code === "BATCH_TOO_LARGE") ? 413 : 400;
};

const statusOf = (accepted: number, errors: readonly ItemRefusal[]): IngestStatus => {
  if (errors.length === 0) return 200;
  return accepted > 0 ? 207 : statusOfRefusal(errors);
};

/** The items that did not get through, of those that were submitted. */
const refusalsOf = (result: SubmitResult, indexes: readonly number[]): ItemRefusal[] => {
  if (result.ok)
    return result.failures.map(({ position, code, reason }) => ({
      index: indexes[position] ?? position,
      code,
      reason,
      retryable: true,
    }));
  const { code, reason } = result;
  return indexes.map((index) => ({ index, code, reason, retryable: code !== "BATCH_TOO_LARGE" }));
};

const BODY_STATUS = { TOO_MANY_LOGS: 413, ENVELOPE_TOO_LARGE: 413 } as const;

const bodyStatusOf = (code: Extract<CutBody, { ok: false }>["code"]): 400 | 413 =>
  code in BODY_STATUS ? 413 : 400;

const ENDPOINTS = "POST /api/ingest/batch, GET /health, GET /api/metrics and GET /metrics";

/**
 * The ingestion interface. A log counts as accepted once Kinesis has given its record a sequence
 * number; every other one is named in `errors` by its index, with whether to send it again.
 */
export const createIngestRoutes = (deps: IngestDeps): Hono => {
  const { engine, streamName, now, log } = deps;
  const startedAt = now();
  const totals = createIngestTotals(now);
  const budget = createByteBudget(Math.max(deps.maxBodiesBytes, INGEST_MAX_BODY_BYTES));
  const readRequest = createRequestReader(deps.bodyDecoder);
  const queueSize = (): number => engine?.stats().queueLogs ?? 0;

  /** Existing clients read `count` and `queue_size` of whatever answer they get. */
  const refuseBody = (status: number, members: Problem): Response =>
    problem(
      status,
      { ...members, count: 0, queue_size: queueSize() },
      status in RETRY_AFTER_SECONDS ? { "retry-after": RETRY_AFTER_SECONDS[status] ?? "1" } : {},
    );

  /** Up to here the body is in memory; what is awaited afterwards holds none of it. */
  const take = async (request: Request) => {
    let reserved = 0;
    const reserve = (bytes: number): boolean => {
      const isTaken = budget.take(bytes);
      if (isTaken) reserved += bytes;
      return isTaken;
    };
    try {
      const read = await readRequest(request, reserve);
      if (!read.ok) return refuseBody(read.status, read.problem);
      totals.addBody(read.body.length);
      const cut = cutItems(read.body, read.form);
      if (!cut.ok)
        return refuseBody(bodyStatusOf(cut.code), { code: cut.code, detail: cut.reason });
      return {
        refused: cut.refused,
        indexes: cut.logs.map(({ index }) => index),
        submitted: engine?.submit(cut.logs),
      };
    } finally {
      budget.release(reserved);
    }
  };

  const ingest = async (request: Request): Promise<Response> => {
    const taken = await take(request);
    if (taken instanceof Response) return taken;
    const result = (await taken.submitted) ?? { ok: true, failures: [] };
    const failed = refusalsOf(result, taken.indexes);
    const errors =
      failed.length === 0
        ? taken.refused
        : [...taken.refused, ...failed].sort((a, b) => a.index - b.index);
    const accepted = taken.indexes.length - failed.length;
    totals.addLogs(accepted, errors);
    const status = statusOf(accepted, errors);
    const nowhere = engine === undefined ? " Kinesis is disabled, so they were not stored." : "";
    const retryAfter = RETRY_AFTER_SECONDS[status];
    return Response.json(
      {
        message: `${accepted} of ${accepted + errors.length} logs accepted.${nowhere}`,
        count: accepted,
        accepted,
        rejected: errors.length,
        queue_size: queueSize(),
        errors,
      },
      { status, headers: retryAfter === undefined ? {} : { "retry-after": retryAfter } },
    );
  };

  const app = new Hono();

  app.post("/api/ingest/batch", async (c) => {
    const answer = await ingest(c.req.raw);
    totals.addAnswer(answer.status);
    return answer;
  });

  app.get("/health", (c) => {
    const { body, canTakeLogs } = healthOf(engine?.stats(), streamName, now());
    return c.json(body, canTakeLogs ? 200 : 503);
  });

  app.get("/api/metrics", (c) =>
    c.json(metricsOf(totals.read(), engine?.stats(), startedAt, now())),
  );

  app.get("/metrics", (c) =>
    c.body(renderPrometheus(ingestMetricFamilies(totals.read(), engine?.stats())), 200, {
      "content-type": PROMETHEUS_CONTENT_TYPE,
    }),
  );

  app.all("/api/ingest/batch", (c) => methodNotAllowed(c.req.path, "POST"));
  for (const path of ["/health", "/api/metrics", "/metrics"])
    app.all(path, (c) => methodNotAllowed(c.req.path, "GET"));

  app.notFound((c) =>
    problem(404, { code: "NOT_FOUND", detail: `No ${c.req.path} here. There is ${ENDPOINTS}.` }),
  );

  app.onError((error, c) => {
    log.error({ err: error, path: c.req.path }, "A request failed unexpectedly.");
    return problem(500, {
      code: "INTERNAL",
      detail: "Something failed here. The log of the ingestion interface says more.",
    });
  });

  return app;
};
