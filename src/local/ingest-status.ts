import * as z from "zod";
import { BackendError } from "../shared/core/dashboard/backend-error.ts";
import type { IngestStatusSource } from "../shared/core/dashboard/ports.ts";

const figure = z.number().nullable().catch(null);

/** Only what is shown; what an older or newer ingestion interface does not say is null. */
const metricsSchema = z.object({
  throughput: z.object({ logs_per_second: figure }).catch({ logs_per_second: null }),
  totals: z
    .object({ accepted: figure, rejected: figure, requests: figure })
    .catch({ accepted: null, rejected: null, requests: null }),
  kinesis: z.object({ throttled_records: figure }).catch({ throttled_records: null }),
  queue: z.object({ logs: figure }).catch({ logs: null }),
  spool: z
    .object({
      logs: z.number(),
      bytes: z.number(),
      max_bytes: z.number(),
      oldest_age_seconds: z.number(),
    })
    .nullable()
    .catch(null),
});

const codeOf = (error: unknown): string => {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } };
  return typeof cause?.code === "string" ? cause.code : (name ?? "Error");
};

/** Asks the ingestion interface for `/api/metrics`, with its token where it wants one. */
export const createIngestStatusSource = (baseUrl: string, token?: string): IngestStatusSource => ({
  read: async (signal) => {
    const fail = (code: string, kind: "unreachable" | "failed", cause?: unknown): never => {
      throw new BackendError({ backend: "ingest", kind, code }, { cause });
    };
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(`${baseUrl}/api/metrics`, {
        signal,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
      body = await response.json();
    } catch (error) {
      return fail(codeOf(error), "unreachable", error);
    }
    const parsed = metricsSchema.safeParse(body);
    if (!response.ok || !parsed.success) return fail(`HTTP ${response.status}`, "failed");
    const { throughput, totals, queue, spool, kinesis } = parsed.data;
    return {
      logsPerSecond: throughput.logs_per_second,
      accepted: totals.accepted,
      rejected: totals.rejected,
      queueSize: queue.logs,
      requests: totals.requests,
      throttledRecords: kinesis.throttled_records,
      spool: spool && {
        logs: spool.logs,
        bytes: spool.bytes,
        maxBytes: spool.max_bytes,
        oldestAgeSeconds: spool.oldest_age_seconds,
      },
    };
  },
});
