import * as z from "zod";

const answerSchema = z.object({
  accepted: z.number(),
  errors: z.array(z.object({ index: z.number(), code: z.string(), retryable: z.boolean() })),
});
const healthSchema = z.object({ idempotency_window_seconds: z.number().nullable() });

export type IngestAnswer = {
  status: number;
  retryAfterMs: number | undefined;
  /** The `Idempotency-Key` that the server says it has heeded. */
  key: string | undefined;
  /** Undefined where the answer does not name its items. */
  items: z.infer<typeof answerSchema> | undefined;
};

/** Where logs go. `post` and `keyWindowMs` reject where no answer comes in time. */
export type IngestClient = {
  post(body: string, key: string, signal: AbortSignal): Promise<IngestAnswer>;
  /** How long keys are remembered; 0 where they mean nothing. */
  keyWindowMs(signal: AbortSignal): Promise<number>;
};

export type IngestClientOptions = {
  url: string;
  token?: string | undefined;
  /** The original services wait 5 s for an answer. */
  timeoutMs: number;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** A client of the ingestion interface on whatever `fetch` the runtime has. */
export const createIngestClient = (
  fetch: typeof globalThis.fetch,
  { url, token, timeoutMs }: IngestClientOptions,
): IngestClient => {
  const target = new URL("/api/ingest/batch", url);
  const health = new URL("/health", url);
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const within = (signal: AbortSignal): AbortSignal =>
    AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  return {
    post: async (body, key, signal) => {
      const response = await fetch(target, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key, ...authorization },
        body,
        signal: within(signal),
      });
      const retryAfter = response.headers.get("retry-after");
      const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
      return {
        status: response.status,
        retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined,
        key: response.headers.get("idempotency-key") ?? undefined,
        items: answerSchema.safeParse(parseJson(await response.text())).data,
      };
    },
    keyWindowMs: async (signal) => {
      const response = await fetch(health, { headers: authorization, signal: within(signal) });
      const answer = healthSchema.safeParse(parseJson(await response.text()));
      return (answer.data?.idempotency_window_seconds ?? 0) * 1_000;
    },
  };
};
