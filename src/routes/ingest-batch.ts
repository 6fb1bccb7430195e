import { type CutBody, cutItems } from "../shared/core/ingest-body.ts";
import { IDEMPOTENCY_KEY_MAX_LENGTH } from "../shared/core/limits.ts";
import type { Signal } from "../shared/core/signals.ts";
import { digestBody, keyRefusal, parseIdempotencyKey } from "./idempotency-key.ts";
import { retryAfterOf, statusOf } from "./ingest-answer.ts";
import type { IngestGate } from "./ingest-gate.ts";
import { bodyFormOf, refuseMediaType } from "./ingest-request.ts";
import { type Problem, problem } from "./problem.ts";

const BODY_STATUS = { TOO_MANY_LOGS: 413, ENVELOPE_TOO_LARGE: 413 } as const;

const bodyStatusOf = (code: Extract<CutBody, { ok: false }>["code"]): 400 | 413 =>
  code in BODY_STATUS ? 413 : 400;

/**
 * Takes JSON and NDJSON bodies of one signal, and answers for each of their items: those that
 * Kinesis or the spool has are accepted, every other one is named in `errors` by its index, with
 * whether to send it again.
 *
 * With `?partial=false`, for clients that know no 207, the status speaks of the whole request: 200
 * where all of it is kept, 429 or 503 as long as waiting helps, else 4xx. What is kept stays kept,
 * and is not taken again when the same body comes again.
 */
export const createBatchHandler = (
  { door, totals, retries, queueSize, withBody }: IngestGate,
  home: Signal,
): ((request: Request) => Promise<Response>) => {
  /** Existing clients read `count` and `queue_size` of whatever answer they get. */
  const refuseBody = (status: number, members: Problem): Response =>
    problem(status, { ...members, count: 0, queue_size: queueSize() }, retryAfterOf(status));

  /** Up to here the body is in memory; what is awaited afterwards holds none of it. */
  const take = async (request: Request, key: string | undefined, isWhole: boolean) => {
    const contentType = request.headers.get("content-type") ?? undefined;
    const form = bodyFormOf(contentType);
    if (form === undefined) return { refusal: refuseMediaType(contentType) };
    return await withBody(request, async (body) => {
      const cut = cutItems(body, form, home);
      if (!cut.ok)
        return refuseBody(bodyStatusOf(cut.code), { code: cut.code, detail: cut.reason });
      const { logs, refused } = cut;
      const needsDigest = key !== undefined || isWhole;
      const digest = needsDigest
        ? await digestBody(body as Uint8Array<ArrayBuffer>, form, home)
        : "";
      // A key remembers what was kept by itself.
      const retried = isWhole && key === undefined ? digest : undefined;
      const open = retried === undefined ? undefined : retries.openOf(retried);
      const items = open ? logs.filter(({ index }) => open.has(index)) : logs;
      const keyed = key === undefined ? undefined : { key, digest };
      const submission = await door.submit(items, home, keyed);
      if (submission.ok) return { refused, retried, count: logs.length, ...submission };
      const { status, problem: members } = keyRefusal(submission.kind);
      return refuseBody(status, members);
    });
  };

  const answer = async (request: Request, key: string | undefined): Promise<Response> => {
    const partial = new URL(request.url).searchParams.get("partial") ?? "true";
    if (partial !== "true" && partial !== "false")
      return refuseBody(400, {
        code: "INVALID_PARTIAL",
        detail: "partial is true (answer 207 where only some items were taken) or false.",
      });
    const isWhole = partial === "false";
    const taken = await take(request, key, isWhole);
    if (taken instanceof Response) return taken;
    if ("refusal" in taken) return refuseBody(taken.refusal.status, taken.refusal.problem);
    const { refused, retried, count, isReplay } = taken;
    const outcome = await taken.outcome;
    // Of a request that comes again, with what had been kept of it before.
    const accepted = count - outcome.errors.length;
    if (retried !== undefined) {
      const open = outcome.errors.filter(({ retryable }) => retryable).map(({ index }) => index);
      // Where nothing was kept, all of it is to be taken anyway.
      retries.settle(retried, open.length < count ? open : []);
    }
    const errors =
      outcome.errors.length === 0
        ? refused
        : [...refused, ...outcome.errors].sort((a, b) => a.index - b.index);
    // What is answered once more was counted the first time.
    if (!isReplay) totals.addItems(outcome.acceptedBySignal, errors);
    const status = statusOf(isWhole ? 0 : accepted, errors);
    const nowhere = door.isStoring ? "" : " Kinesis is disabled, so they were not stored.";
    return Response.json(
      {
        message: `${accepted} of ${accepted + errors.length} ${home === "logs" ? "logs" : "items"} accepted.${nowhere}`,
        count: accepted,
        accepted,
        rejected: errors.length,
        queue_size: queueSize(),
        errors,
      },
      {
        status,
        headers: {
          ...retryAfterOf(status),
          ...(isReplay ? { "idempotent-replayed": "true" } : {}),
        },
      },
    );
  };

  const ingest = async (request: Request): Promise<Response> => {
    const header = request.headers.get("idempotency-key");
    if (header === null || door.keyWindowMs === 0) return await answer(request, undefined);
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

  return async (request) => {
    const response = await ingest(request);
    totals.addAnswer(response.status);
    return response;
  };
};
