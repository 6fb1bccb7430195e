import type { Hono } from "hono";
import * as z from "zod";
import type { Logger } from "../../shared/core/logger.ts";
import { type LogRecord, toLogRecord } from "../consolidation/log-record.ts";
import { createRing } from "../ring.ts";
import { limitQuery, readBody, readQuery, text } from "./request.ts";
import { createServiceApp } from "./service-app.ts";

export type LogConsolidationDeps = {
  /** Epoch milliseconds. */
  now: () => number;
  newId: () => string;
  log: Logger;
};

const NAME = "log-consolidation";
const MAX_LOGS = 10_000;
const KEPT = 1_000;
const SHOWN = 100;
const ERRORS_NAMED = 100;

const consolidateBody = z.object({
  batch_id: text(),
  logs: z
    .array(z.unknown(), "must be a list of logs")
    .max(MAX_LOGS, `must have at most ${MAX_LOGS} logs`),
});

/** Port base + 5: turns raw logs into OpenTelemetry LogRecords. */
export const createLogConsolidation = ({ now, newId, log }: LogConsolidationDeps): Hono => {
  const app = createServiceApp({ name: NAME, log });
  const kept = createRing<LogRecord>(KEPT);

  app.get("/health", (c) => c.json({ status: "healthy", service: NAME }));

  app.post("/api/consolidate", async (c) => {
    const { batch_id, logs } = await readBody(c, consolidateBody);
    const observedAt = now();
    const records: LogRecord[] = [];
    const errors: { index: number; error: string }[] = [];
    for (const [index, raw] of logs.entries()) {
      const record = toLogRecord(raw, observedAt);
      if (typeof record === "string") errors.push({ index, error: record });
      else records.push(record);
    }
    for (const record of records) kept.push(record);
    return c.json({
      batch_id: batch_id ?? newId(),
      processed_count: records.length,
      log_records: records,
      errors: errors.slice(0, ERRORS_NAMED),
    });
  });

  app.get("/api/consolidated-logs", (c) => {
    const { limit } = readQuery(c, limitQuery(SHOWN, KEPT));
    const records = kept.newest(limit);
    return c.json({ log_records: records, count: records.length, total: kept.total });
  });

  return app;
};
