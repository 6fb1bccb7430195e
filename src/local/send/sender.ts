import { Agent, request } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { Line } from "./lines.ts";

export type Refusal = { line: number; code: string; reason: string };

/** What became of the lines handed over so far. Each is in exactly one of the last three. */
export type SendTotals = {
  sent: number;
  accepted: number;
  rejected: number;
  /** No answer came after they were sent: they may or may not have been taken. */
  unknown: number;
  refusals: Refusal[];
};

export type SenderOptions = {
  url: string;
  token?: string | undefined;
  /** Longest time one batch is tried before its lines count as rejected or unknown. */
  giveUpAfterMs: number;
  /** The same while nothing has ever answered: a wrong address should not take a minute to show. */
  giveUpConnectingAfterMs: number;
  requestTimeoutMs: number;
};

const answerSchema = z.object({
  accepted: z.number(),
  errors: z.array(
    z.object({ index: z.number(), code: z.string(), reason: z.string(), retryable: z.boolean() }),
  ),
});
const problemSchema = z.object({ title: z.string().optional(), detail: z.string().optional() });

type Answer = { status: number; retryAfterMs: number | undefined; body: string };

/** The connection was never made, so nothing can have been taken: sending again is harmless. */
const wasNeverSent = (error: unknown): boolean =>
  ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"].includes(
    (error as { code?: string }).code ?? "",
  );

const MAX_REFUSALS_KEPT = 1000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Posts batches of lines as NDJSON, byte for byte. Lines that are refused for now (429, 503, or
 * single items marked retryable) are sent again until `giveUpAfterMs`; lines without an answer are
 * never sent twice.
 */
export const createSender = (options: SenderOptions) => {
  const target = new URL("/api/ingest/batch", options.url);
  const isHttps = target.protocol === "https:";
  const agent = isHttps ? new HttpsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const totals: SendTotals = { sent: 0, accepted: 0, rejected: 0, unknown: 0, refusals: [] };
  let hasAnswered = false;

  const post = (body: Buffer): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const call = (isHttps ? httpsRequest : request)(target, {
        agent,
        method: "POST",
        timeout: options.requestTimeoutMs,
        headers: {
          "content-type": "application/x-ndjson",
          "content-length": body.length,
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        },
      });
      call.on("timeout", () =>
        call.destroy(new Error(`No answer within ${options.requestTimeoutMs / 1000} s.`)),
      );
      call.on("error", reject);
      call.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const seconds = Number(response.headers["retry-after"]);
          resolve({
            status: response.statusCode ?? 0,
            retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
            body: Buffer.concat(chunks).toString(),
          });
        });
      });
      call.end(body);
    });

  const refuse = (lines: readonly Line[], code: string, reason: string): void => {
    totals.rejected += lines.length;
    for (const { number } of lines) {
      if (totals.refusals.length < MAX_REFUSALS_KEPT)
        totals.refusals.push({ line: number, code, reason });
    }
  };

  /** Counts what is final; returns the lines to send again. */
  const settle = (lines: readonly Line[], { status, body }: Answer): readonly Line[] => {
    const json = parseJson(body);
    const answer = answerSchema.safeParse(json);
    if (!answer.success) {
      if (status === 429 || status === 503) return lines;
      const problem = problemSchema.safeParse(json).data;
      refuse(lines, `HTTP_${status}`, problem?.detail ?? problem?.title ?? body.slice(0, 200));
      return [];
    }
    const again: Line[] = [];
    for (const { index, code, reason, retryable } of answer.data.errors) {
      const line = lines[index];
      if (!line) continue;
      if (retryable) again.push(line);
      else refuse([line], code, reason);
    }
    totals.accepted += answer.data.accepted;
    return again;
  };

  return {
    totals,
    /** Sends one batch to its end: every line is accepted, rejected or unknown afterwards. */
    send: async (batch: readonly Line[]): Promise<void> => {
      totals.sent += batch.length;
      const startedAt = Date.now();
      let lines = batch;
      let waitMs = FIRST_WAIT_MS;
      let lastProblem = "";
      while (lines.length > 0) {
        let retryAfterMs: number | undefined;
        try {
          const body = Buffer.concat(lines.flatMap(({ bytes }) => [bytes, Buffer.from("\n")]));
          const answer = await post(body);
          hasAnswered = true;
          lines = settle(lines, answer);
          retryAfterMs = answer.retryAfterMs;
          lastProblem = `the server asked to wait (HTTP ${answer.status})`;
        } catch (error) {
          lastProblem = error instanceof Error ? error.message : String(error);
          if (!wasNeverSent(error)) {
            totals.unknown += lines.length;
            for (const { number } of lines.slice(0, 1))
              totals.refusals.push({ line: number, code: "NO_ANSWER", reason: lastProblem });
            return;
          }
        }
        if (lines.length === 0) return;
        const pauseMs = retryAfterMs ?? waitMs * (0.5 + Math.random());
        const patienceMs = hasAnswered ? options.giveUpAfterMs : options.giveUpConnectingAfterMs;
        if (Date.now() + pauseMs > startedAt + patienceMs) {
          refuse(lines, "GAVE_UP", `not taken within ${patienceMs / 1000} s: ${lastProblem}`);
          return;
        }
        await sleep(pauseMs);
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      }
    },
    close: () => agent.destroy(),
  };
};
