import { randomUUID } from "node:crypto";
import { Agent, type OutgoingHttpHeaders, request } from "node:http";
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

export const SEND_PATHS = {
  logs: "/api/ingest/batch",
  metrics: "/api/ingest/metrics",
  apm: "/api/ingest/apm",
} as const;

export type SenderOptions = {
  url: string;
  /** What the lines are; logs unless given. */
  to?: keyof typeof SEND_PATHS;
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
const healthSchema = z.object({ idempotency_window_seconds: z.number().nullable() });

type Answer = {
  status: number;
  retryAfterMs: number | undefined;
  body: string;
  /** The key that the server says it has heeded. */
  key: string | undefined;
};

/** What a batch comes to; `again` are the lines to send again. */
type Outcome = {
  accepted: number;
  refused: { line: Line; code: string; reason: string }[];
  again: readonly Line[];
  /** Of those, the ones that may be stored: only under the same key they are not stored twice. */
  unclear: readonly Line[];
};

/** The connection was never made, so nothing can have been taken: sending again is harmless. */
const wasNeverSent = (error: unknown): boolean =>
  ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"].includes(
    (error as { code?: string }).code ?? "",
  );

const MAX_REFUSALS_KEPT = 1000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** A key is not used up to the very end of the window in which the server remembers it. */
const WINDOW_SHARE = 0.9;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const problemOf = ({ status, body }: Answer): string => {
  const problem = problemSchema.safeParse(parseJson(body)).data;
  return problem?.detail ?? problem?.title ?? (body.slice(0, 200) || `HTTP ${status}`);
};

const MAY_PASS = new Set([409, 429, 503]);
/** The batch is being worked on, for a request of which no answer came. */
const IN_PROGRESS = 409;
const UNCONFIRMED = "UNCONFIRMED";

const outcomeOf = (lines: readonly Line[], answer: Answer): Outcome => {
  const parsed = answerSchema.safeParse(parseJson(answer.body));
  if (!parsed.success) {
    const again = MAY_PASS.has(answer.status) ? lines : [];
    const unclear = answer.status === IN_PROGRESS ? lines : [];
    const code = `HTTP_${answer.status}`;
    const reason = problemOf(answer);
    const refused = again.length > 0 ? [] : lines.map((line) => ({ line, code, reason }));
    return { accepted: 0, refused, again, unclear };
  }
  const outcome = { accepted: parsed.data.accepted, refused: [] as Outcome["refused"] };
  const again: Line[] = [];
  const unclear: Line[] = [];
  for (const { index, code, reason, retryable } of parsed.data.errors) {
    const line = lines[index];
    if (line === undefined) continue;
    if (!retryable) outcome.refused.push({ line, code, reason });
    else again.push(line);
    if (code === UNCONFIRMED) unclear.push(line);
  }
  return { ...outcome, again, unclear };
};

/**
 * Posts batches of lines as NDJSON, byte for byte, each with an `Idempotency-Key`. What is refused
 * for now (429, 503, or single items marked retryable) is sent again until `giveUpAfterMs`. Where the
 * server heeds keys the whole batch is sent again as it was, also when no answer came, and the
 * server takes of it what it has not got; where it does not, only the lines that were refused, and
 * lines without an answer are never sent twice.
 */
export const createSender = (options: SenderOptions) => {
  const target = new URL(SEND_PATHS[options.to ?? "logs"], options.url);
  const isHttps = target.protocol === "https:";
  const agent = isHttps ? new HttpsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const totals: SendTotals = { sent: 0, accepted: 0, rejected: 0, unknown: 0, refusals: [] };
  const authorization =
    options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  let hasAnswered = false;
  /** How long the server remembers a key; 0 where it does not, undefined before it was asked. */
  let windowMs: number | undefined;

  const exchange = (url: URL, headers: OutgoingHttpHeaders, body?: Buffer): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const call = (isHttps ? httpsRequest : request)(url, {
        agent,
        method: body === undefined ? "GET" : "POST",
        timeout: options.requestTimeoutMs,
        headers,
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
          const key = response.headers["idempotency-key"];
          resolve({
            status: response.statusCode ?? 0,
            retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
            body: Buffer.concat(chunks).toString(),
            key: typeof key === "string" ? key : undefined,
          });
        });
      });
      call.end(body);
    });

  const post = (lines: readonly Line[], key: string): Promise<Answer> => {
    const body = Buffer.concat(lines.flatMap(({ bytes }) => [bytes, Buffer.from("\n")]));
    const headers = {
      "content-type": "application/x-ndjson",
      "content-length": body.length,
      "idempotency-key": key,
      ...authorization,
    };
    return exchange(target, headers, body);
  };

  const askWindow = async (): Promise<number> => {
    if (windowMs !== undefined) return windowMs;
    const { body } = await exchange(new URL("/health", options.url), authorization);
    const health = healthSchema.safeParse(parseJson(body));
    windowMs = (health.data?.idempotency_window_seconds ?? 0) * 1000 * WINDOW_SHARE;
    return windowMs;
  };

  const refuse = (lines: readonly Line[], code: string, reason: string): void => {
    totals.rejected += lines.length;
    for (const { number } of lines) {
      if (totals.refusals.length < MAX_REFUSALS_KEPT)
        totals.refusals.push({ line: number, code, reason });
    }
  };

  const lose = (lines: readonly Line[], reason: string): void => {
    totals.unknown += lines.length;
    const [first] = lines;
    if (first !== undefined)
      totals.refusals.push({ line: first.number, code: "NO_ANSWER", reason });
  };

  const count = ({ accepted, refused }: Outcome): void => {
    totals.accepted += accepted;
    for (const { line, code, reason } of refused) refuse([line], code, reason);
  };

  return {
    totals,
    /** Sends one batch to its end: every line is accepted, rejected or unknown afterwards. */
    send: async (batch: readonly Line[]): Promise<void> => {
      totals.sent += batch.length;
      const startedAt = Date.now();
      let lines = batch;
      let key = randomUUID();
      /** What the last answer for these lines and this key said. */
      let last: Outcome | undefined;
      let isUnclear = false;
      let waitMs = FIRST_WAIT_MS;
      for (;;) {
        let retryAfterMs: number | undefined;
        let lastProblem: string;
        try {
          // Not before the server has said that it will know these lines again.
          if (isUnclear && (await askWindow()) === 0) return lose(lines, "no answer came");
          const answer = await post(lines, key);
          hasAnswered = true;
          isUnclear = false;
          last = outcomeOf(lines, answer);
          if (last.again.length === 0) return count(last);
          retryAfterMs = answer.retryAfterMs;
          lastProblem = `the server asked to wait (HTTP ${answer.status})`;
          if (answer.key !== key || (await askWindow().catch(() => 0)) === 0) {
            count(last);
            const { again, unclear } = last;
            if (unclear.length > 0) lose(unclear, "may be stored, and the server heeds no keys");
            lines = again.filter((line) => !unclear.includes(line));
            if (lines.length === 0) return;
            key = randomUUID();
            last = undefined;
          }
        } catch (error) {
          lastProblem = error instanceof Error ? error.message : String(error);
          if (!wasNeverSent(error)) isUnclear = true;
        }
        const pauseMs = retryAfterMs ?? waitMs * (0.5 + Math.random());
        const giveUpAfterMs = hasAnswered ? options.giveUpAfterMs : options.giveUpConnectingAfterMs;
        const patienceMs = windowMs ? Math.min(giveUpAfterMs, windowMs) : giveUpAfterMs;
        if (Date.now() + pauseMs > startedAt + patienceMs) {
          if (isUnclear) return lose(lines, lastProblem);
          const again = last?.again ?? lines;
          const unclear = last?.unclear ?? [];
          if (last !== undefined) count(last);
          if (unclear.length > 0) lose(unclear, lastProblem);
          const rest = again.filter((line) => !unclear.includes(line));
          return refuse(rest, "GAVE_UP", `not taken within ${patienceMs / 1000} s: ${lastProblem}`);
        }
        await sleep(pauseMs);
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      }
    },
    close: () => agent.destroy(),
  };
};
