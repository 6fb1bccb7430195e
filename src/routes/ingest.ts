import { Hono } from "hono";
import type { AcceptedLedger } from "../shared/core/accepted-ledger.ts";
import type { Idempotency } from "../shared/core/idempotency.ts";
import {
  type BodyForm,
  type CutBody,
  cutItems,
  type ItemRefusal,
} from "../shared/core/ingest-body.ts";
import { IDEMPOTENCY_KEY_MAX_LENGTH, INGEST_MAX_BODY_BYTES } from "../shared/core/limits.ts";
import type { Logger } from "../shared/core/logger.ts";
import type { BodyDecoder } from "../shared/core/ports.ts";
import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from "../shared/core/prometheus.ts";
import {
  type KeyedBatch,
  type PutRecordsEngine,
  type SubmitResult,
  UNCONFIRMED,
} from "../shared/core/put-records-engine.ts";
import { allowHost, refuseOtherOrigins } from "./allow-host.ts";
import { digestBody, keyRefusal, parseIdempotencyKey } from "./idempotency-key.ts";
import { healthOf, metricsOf } from "./ingest-reports.ts";
import { createByteBudget, createRequestReader } from "./ingest-request.ts";
import { createIngestTotals, ingestMetricFamilies } from "./ingest-totals.ts";
import { methodNotAllowed, type Problem, problem } from "./problem.ts";
import { requireToken } from "./require-token.ts";

export type IngestDeps = {
  /** Takes note of accepted logs before they are answered. */
  ledger?: AcceptedLedger | undefined;
  /** Undefined where KINESIS_ENABLED is false: logs are checked, counted and go nowhere. */
  engine: PutRecordsEngine | undefined;
  streamName: string;
  bodyDecoder: BodyDecoder;
  /** Epoch milliseconds. */
  now: () => number;
  log: Logger;
  /** Bodies being read, together; past it the answer is 429. */
  maxBodiesBytes: number;
  /** Undefined where the `Idempotency-Key` header means nothing. */
  idempotency?: Idempotency | undefined;
  /** HOST and ALLOWED_HOSTS; undefined where something in front already checks the name. */
  hosts?: { readonly host: string; readonly others: readonly string[] } | undefined;
  /** What callers must know, for everything but /health; undefined where none is asked for. */
  token?: string | undefined;
};

type IngestStatus = 200 | 207 | 400 | 413 | 429 | 503;

const RETRY_AFTER_SECONDS: Readonly<Record<number, string>> = { 409: "1", 429: "1", 503: "2" };

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

type Failure = { readonly position: number; readonly code: string; readonly reason: string };

/** What of a batch did not get through: of those that were submitted, the rest is accepted. */
const failuresOf = (
  result: SubmitResult,
  count: number,
  batch: KeyedBatch | undefined,
): readonly Failure[] => {
  if (result.ok) return result.failures;
  const { code, reason } = result;
  const positions = batch?.open ?? Array.from({ length: count }, (_, position) => position);
  return [...positions].map((position) => ({ position, code, reason }));
};

const BODY_STATUS = { TOO_MANY_LOGS: 413, ENVELOPE_TOO_LARGE: 413 } as const;

const bodyStatusOf = (code: Extract<CutBody, { ok: false }>["code"]): 400 | 413 =>
  code in BODY_STATUS ? 413 : 400;

const ENDPOINTS = "POST /api/ingest/batch, GET /health, GET /api/metrics and GET /metrics";

/**
 * The ingestion interface. A log counts as accepted once Kinesis has given its record a sequence
 * number, or the spool has it on the disk; every other one is named in `errors` by its index, with
 * whether to send it again.
 */
export const createIngestRoutes = (deps: IngestDeps): Hono => {
  const { engine, streamName, now, log } = deps;
  const startedAt = now();
  const totals = createIngestTotals(now);
  const budget = createByteBudget(Math.max(deps.maxBodiesBytes, INGEST_MAX_BODY_BYTES));
  const readRequest = createRequestReader(deps.bodyDecoder);
  const { idempotency, hosts, token } = deps;
  const queueSize = (): number => engine?.stats().queueLogs ?? 0;

  /** Existing clients read `count` and `queue_size` of whatever answer they get. */
  const refuseBody = (status: number, members: Problem): Response =>
    problem(
      status,
      { ...members, count: 0, queue_size: queueSize() },
      status in RETRY_AFTER_SECONDS ? { "retry-after": RETRY_AFTER_SECONDS[status] ?? "1" } : {},
    );

  /** What the key says about this body; a refusal, or how to submit it. */
  const claim = async (key: string, body: Uint8Array, form: BodyForm) => {
    const digest = await digestBody(body as Uint8Array<ArrayBuffer>, form);
    const claimed = await idempotency?.claim(key, digest);
    if (claimed === undefined || claimed.kind === "take") return claimed;
    const { status, problem: members } = keyRefusal(claimed.kind);
    return refuseBody(status, members);
  };

  /** Up to here the body is in memory; what is awaited afterwards holds none of it. */
  const take = async (request: Request, key: string | undefined) => {
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
      const claimed = key === undefined ? undefined : await claim(key, read.body, read.form);
      if (claimed instanceof Response) return claimed;
      return {
        refused: cut.refused,
        indexes: cut.logs.map(({ index }) => index),
        services: cut.logs.map(({ service }) => service),
        batch: claimed?.batch,
        isReplay: claimed?.isReplay ?? false,
        submitted: engine?.submit(cut.logs, claimed?.batch),
      };
    } finally {
      budget.release(reserved);
    }
  };

  type Taken = Exclude<Awaited<ReturnType<typeof take>>, Response>;

  const settle = async (taken: Taken): Promise<readonly Failure[]> => {
    const { submitted, indexes, services, batch } = taken;
    try {
      const result = (await submitted) ?? { ok: true, failures: [] };
      const failures = failuresOf(result, indexes.length, batch);
      const isSure = failures.every(({ code }) => code !== UNCONFIRMED);
      const open = failures.map(({ position }) => position);
      // Before the key is done with: whoever is killed in between knows the batch as counted.
      const keyed = batch && { key: batch.key, open: batch.open };
      await deps.ledger?.record({ services, refused: open, keyed });
      if (batch === undefined) return failures;
      await idempotency?.finish(batch.key, open, isSure);
      if (isSure) deps.ledger?.settle(batch.key, open);
      return failures;
    } catch (error) {
      if (batch !== undefined) idempotency?.abandon(batch.key);
      throw error;
    }
  };

  const answer = async (request: Request, key: string | undefined): Promise<Response> => {
    const taken = await take(request, key);
    if (taken instanceof Response) return taken;
    const { indexes, refused, isReplay } = taken;
    const failed = (await settle(taken)).map(
      ({ position, code, reason }): ItemRefusal => ({
        index: indexes[position] ?? position,
        code,
        reason,
        retryable: code !== "BATCH_TOO_LARGE",
      }),
    );
    const errors =
      failed.length === 0 ? refused : [...refused, ...failed].sort((a, b) => a.index - b.index);
    const accepted = indexes.length - failed.length;
    // What is answered once more was counted the first time.
    if (!isReplay) totals.addLogs(accepted, errors);
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
      {
        status,
        headers: {
          ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
          ...(isReplay ? { "idempotent-replayed": "true" } : {}),
        },
      },
    );
  };

  const ingest = async (request: Request): Promise<Response> => {
    const header = request.headers.get("idempotency-key");
    if (header === null || idempotency === undefined || engine === undefined)
      return await answer(request, undefined);
    const key = parseIdempotencyKey(header);
    if (key === undefined)
      return refuseBody(400, {
        code: "INVALID_IDEMPOTENCY_KEY",
        detail: `An Idempotency-Key is 1 to ${IDEMPOTENCY_KEY_MAX_LENGTH} printable ASCII characters, bare or in double quotes.`,
      });
    const response = await answer(request, key);
    // Says that the key was heeded, which not every server does.
    response.headers.set("idempotency-key", header);
    return response;
  };

  const app = new Hono();

  if (hosts !== undefined) {
    const rule = { what: "ingestion interface", ...hosts };
    app.use(allowHost(rule), refuseOtherOrigins(rule));
  }

  app.get("/health", (c) => {
    const { body, canTakeLogs } = healthOf(engine?.stats(), streamName, now());
    const windowSeconds = (idempotency?.windowMs ?? 0) / 1000;
    const keys = engine === undefined || windowSeconds === 0 ? null : windowSeconds;
    return c.json({ ...body, idempotency_window_seconds: keys }, canTakeLogs ? 200 : 503);
  });

  if (token !== undefined) app.use(requireToken(token));

  app.post("/api/ingest/batch", async (c) => {
    const response = await ingest(c.req.raw);
    totals.addAnswer(response.status);
    return response;
  });

  app.get("/api/metrics", (c) =>
    c.json(metricsOf(totals.read(), engine?.stats(), startedAt, now())),
  );

  app.get("/metrics", (c) =>
    c.body(renderPrometheus(ingestMetricFamilies(totals.read(), engine?.stats(), now())), 200, {
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
