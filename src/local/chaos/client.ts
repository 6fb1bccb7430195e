import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { Random } from "../../shared/core/random.ts";
import type { SentLog, Try } from "./logs.ts";

const answerSchema = z.object({
  errors: z.array(z.object({ index: z.number(), code: z.string(), retryable: z.boolean() })),
});

export type Answer = { status: number; retryAfterMs: number | undefined; body: string };

export type Post = (body: string, key: string | undefined) => Promise<Answer>;

const REQUEST_TIMEOUT_MS = 15_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

/** The connection was never made: nothing can have been taken. */
const wasNeverSent = (code: string): boolean =>
  ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH"].includes(code);

const codeOf = (error: unknown): string => {
  const { code, message } = error as { code?: string; message?: string };
  return code ?? message ?? "unknown";
};

/** Posts NDJSON to the ingestion interface over kept-alive connections. */
export const createPost = (url: string): { post: Post; close(): void } => {
  const target = new URL("/api/ingest/batch", url);
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const post: Post = (body, key) =>
    new Promise((resolve, reject) => {
      const call = request(target, {
        agent,
        method: "POST",
        headers: {
          "content-type": "application/x-ndjson",
          "content-length": Buffer.byteLength(body),
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
      });
      const deadline = setTimeout(
        () => call.destroy(Object.assign(new Error("No answer in time."), { code: "TIMEOUT" })),
        REQUEST_TIMEOUT_MS,
      );
      const fail = (error: unknown) => {
        clearTimeout(deadline);
        reject(error);
      };
      call.on("error", fail);
      call.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () => {
          clearTimeout(deadline);
          const seconds = Number(response.headers["retry-after"] ?? Number.NaN);
          resolve({
            status: response.statusCode ?? 0,
            retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
            body: Buffer.concat(chunks).toString(),
          });
        });
      });
      call.end(body);
    });
  return { post, close: () => agent.destroy() };
};

const parse = (body: string) => {
  try {
    return answerSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
};

export type ClientTotals = { accepted: number; requests: number; gaveUp: number };

/**
 * A client as it should be: sends again what is refused for now; sends a batch with a key again
 * whole and unchanged until each of its logs is settled; and where no answer came it sends again,
 * with a key or, in some batches, without one, as clients do. Notes every try in the log.
 */
export const createClient = (post: Post, random: Random, signal: AbortSignal) => {
  const totals: ClientTotals = { accepted: 0, requests: 0, gaveUp: 0 };

  const note = (logs: readonly SentLog[], entry: Omit<Try, "at">): void => {
    const at = Date.now();
    for (const { tries } of logs) tries.push({ at, ...entry });
  };

  /** Settles what the answer settles; returns what is to be sent again. */
  const settle = (sent: readonly SentLog[], open: ReadonlySet<SentLog>, answer: Answer) => {
    const { status } = answer;
    const isForNow = status === 429 || status === 503 || status === 409 || status >= 500;
    const errors = parse(answer.body)?.errors;
    if (errors === undefined) {
      // A 500 says nothing of what was done before it; the others did nothing.
      const outcome = status === 500 ? "unconfirmed" : "refused";
      note([...open], { status, outcome, code: `HTTP_${status}` });
      return isForNow ? [...open] : [];
    }
    const byIndex = new Map(errors.map((error) => [error.index, error]));
    const again: SentLog[] = [];
    for (const [index, log] of sent.entries()) {
      if (!open.has(log)) continue;
      const error = byIndex.get(index);
      if (error === undefined) {
        totals.accepted += 1;
        note([log], { status, outcome: "accepted", code: undefined });
        continue;
      }
      const outcome = error.code === "UNCONFIRMED" ? "unconfirmed" : "refused";
      note([log], { status, outcome, code: error.code });
      if (error.retryable || outcome === "unconfirmed") again.push(log);
    }
    return again;
  };

  return {
    totals,
    /** Resolves when each log is accepted, refused for good, or the signal aborted. */
    send: async (batch: readonly SentLog[]): Promise<void> => {
      const key = batch[0]?.key;
      let open = [...batch];
      let waitMs = FIRST_WAIT_MS;
      while (open.length > 0) {
        // Under a key the body stays as it was: it is the same batch.
        const sent = key === undefined ? open : batch;
        const body = sent.map(({ line }) => `${line}\n`).join("");
        let pauseMs = waitMs * random.between(0.5, 1.5);
        totals.requests += 1;
        try {
          const answer = await post(body, key);
          open = settle(sent, new Set(open), answer);
          pauseMs = answer.retryAfterMs ?? pauseMs;
        } catch (error) {
          const code = codeOf(error);
          const outcome = wasNeverSent(code) ? "notSent" : "noAnswer";
          note(open, { status: undefined, outcome, code });
        }
        if (open.length === 0) return;
        if (signal.aborted) {
          totals.gaveUp += open.length;
          return;
        }
        await sleep(pauseMs);
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      }
    },
  };
};

export type Client = ReturnType<typeof createClient>;
