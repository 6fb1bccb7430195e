import type { AcceptedCopies } from "../shared/core/accepted-copies.ts";
import { INGEST_MAX_BODY_BYTES, INGEST_MAX_LOGS } from "../shared/core/limits.ts";
import type { BodyDecoder } from "../shared/core/ports.ts";
import { createRetryMemory } from "../shared/core/retry-memory.ts";
import { createSignalDoor, type StreamIntakes } from "../shared/core/signal-door.ts";
import { createByteBudget, createRequestReader, type RequestRefusal } from "./ingest-request.ts";
import { createIngestTotals } from "./ingest-totals.ts";

/** Collectors give up after five minutes, SDKs after seconds. */
const RETRY_WINDOW_MS = 600_000;

export type IngestGateDeps = {
  streams: StreamIntakes;
  bodyDecoder: BodyDecoder;
  /** Epoch milliseconds. */
  now: () => number;
  /** Bodies being read, together; past it the answer is 429. */
  maxBodiesBytes: number;
  /** Sees what is accepted, for side effects. */
  copies?: AcceptedCopies | undefined;
};

/**
 * What every route that takes items shares, so that all have the same limits and guarantees:
 * `withBody` to read a request, `door` to submit what was cut out of it, `totals` to count with,
 * `retries` for clients that know no partial answer, by `digestBody`.
 * `createBatchHandler` shows their use. Routes are mounted in `createIngestRoutes`, behind its
 * checks of host, origin and token.
 */
export const createIngestGate = ({
  streams,
  bodyDecoder,
  now,
  maxBodiesBytes,
  copies,
}: IngestGateDeps) => {
  const totals = createIngestTotals(now);
  const budget = createByteBudget(Math.max(maxBodiesBytes, INGEST_MAX_BODY_BYTES));
  const readRequest = createRequestReader(bodyDecoder);
  const door = createSignalDoor(streams, copies);
  const retries = createRetryMemory(now, {
    windowMs: RETRY_WINDOW_MS,
    maxItems: 10 * INGEST_MAX_LOGS,
  });
  return {
    door,
    totals,
    retries,
    /** Items not answered yet, of all streams. */
    queueSize: (): number =>
      door.streams().reduce((sum, { stats }) => sum + (stats?.queueLogs ?? 0), 0),
    /**
     * Reads a body, unpacked, of whatever content type, and holds room in memory for it until
     * `work` is done: submit in there, await the outcome outside.
     */
    withBody: async <Result>(
      request: Request,
      work: (body: Uint8Array) => Promise<Result>,
    ): Promise<Result | { readonly refusal: RequestRefusal }> => {
      let reserved = 0;
      const reserve = (bytes: number): boolean => {
        const isTaken = budget.take(bytes);
        if (isTaken) reserved += bytes;
        return isTaken;
      };
      try {
        const read = await readRequest(request, reserve);
        if (!read.ok) return { refusal: read };
        totals.addBody(read.body.length);
        return await work(read.body);
      } finally {
        budget.release(reserved);
      }
    },
  };
};

export type IngestGate = ReturnType<typeof createIngestGate>;
