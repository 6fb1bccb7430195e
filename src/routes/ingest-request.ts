import type { BodyForm } from "../shared/core/ingest-body.ts";
import { INGEST_MAX_BODY_BYTES, INGEST_MAX_DECODED_BYTES } from "../shared/core/limits.ts";
import type { BodyDecoder } from "../shared/core/ports.ts";
import type { Problem } from "./problem.ts";

export type RequestRefusal = { readonly status: 400 | 413 | 415 | 429 } & {
  readonly problem: Problem;
};

export type ReadResult =
  | { readonly ok: true; readonly body: Uint8Array }
  | ({ readonly ok: false } & RequestRefusal);

const refuse = (
  status: RequestRefusal["status"],
  code: string,
  detail: string,
): Extract<ReadResult, { ok: false }> => ({ ok: false, status, problem: { code, detail } });

/** The answer to a body of another form than JSON or NDJSON. */
export const refuseMediaType = (contentType: string | undefined): RequestRefusal =>
  refuse(
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    `Content-Type ${contentType} is not taken. Send application/json, or application/x-ndjson for one log a line, in UTF-8.`,
  );

const FORMS: ReadonlyMap<string, BodyForm> = new Map([
  ["application/json", "json"],
  ["text/json", "json"],
  ["application/x-ndjson", "ndjson"],
  ["application/ndjson", "ndjson"],
  ["application/jsonl", "ndjson"],
  ["application/x-jsonl", "ndjson"],
  ["application/jsonlines", "ndjson"],
  ["application/x-jsonlines", "ndjson"],
  ["text/plain", "either"],
  ["", "either"],
]);

/**
 * The form a content type names; undefined where it is not taken. No content type and `text/plain`
 * say nothing about the body, so JSON and NDJSON are told apart by looking.
 */
export const bodyFormOf = (contentType: string | undefined): BodyForm | undefined => {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const mediaType = type.trim();
  const isUtf8 = parameters.every((parameter) => {
    const [name, value = ""] = parameter.split("=");
    return name?.trim() !== "charset" || /^"?(utf-?8|us-ascii)"?$/.test(value.trim());
  });
  if (!isUtf8) return undefined;
  return (
    FORMS.get(mediaType) ?? (/^application\/[^\s/]+\+json$/.test(mediaType) ? "json" : undefined)
  );
};

/** Bytes of bodies that may be in memory at once. */
export const createByteBudget = (maxBytes: number) => {
  let used = 0;
  return {
    take: (bytes: number): boolean => {
      if (used + bytes > maxBytes) return false;
      used += bytes;
      return true;
    },
    release: (bytes: number): void => {
      used -= bytes;
    },
  };
};

export type ByteBudget = ReturnType<typeof createByteBudget>;

/** Lets `count` tasks run at once; the others wait their turn. */
const createSlots = (count: number) => {
  let free = count;
  const queue: (() => void)[] = [];
  return async <T>(task: () => Promise<T>): Promise<T> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await task();
    } finally {
      const next = queue.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
};

const bodyTooLarge = () =>
  refuse(
    413,
    "BODY_TOO_LARGE",
    `The body is larger than ${INGEST_MAX_BODY_BYTES} bytes. Send the logs in smaller batches.`,
  );

const tooBusy = () =>
  refuse(429, "TOO_BUSY", "Too many bodies are being read at once. Try again in a second.");

/** Declared bodies up to this size are read in one go. */
const SMALL_BODY_BYTES = 256 * 1024;

/** The limits hold while reading, chunk by chunk: what was only declared takes no room. */
const readChunks = async (
  stream: ReadableStream<Uint8Array>,
  take: (bytes: number) => boolean,
): Promise<ReadResult> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    const refusal = size > INGEST_MAX_BODY_BYTES ? bodyTooLarge() : undefined;
    if (refusal !== undefined || !take(value.length)) {
      await reader.cancel();
      return refusal ?? tooBusy();
    }
    chunks.push(value);
  }
  if (chunks.length === 1 && chunks[0] !== undefined) return { ok: true, body: chunks[0] };
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return { ok: true, body };
};

const readRaw = async (request: Request, take: (bytes: number) => boolean): Promise<ReadResult> => {
  const declared = request.headers.get("content-length");
  try {
    const length =
      declared !== null && /^\d+$/.test(declared) ? Number(declared) : Number.POSITIVE_INFINITY;
    if (Number.isFinite(length) && length > INGEST_MAX_BODY_BYTES) return bodyTooLarge();
    if (length > SMALL_BODY_BYTES)
      return request.body === null
        ? { ok: true, body: new Uint8Array() }
        : await readChunks(request.body, take);
    if (!take(length)) return tooBusy();
    return { ok: true, body: new Uint8Array(await request.arrayBuffer()) };
  } catch {
    return refuse(400, "BODY_CUT_OFF", "The connection ended before the body did.");
  }
};

const MAX_DECODES_AT_ONCE = 2;

/**
 * Reads request bodies of any content type within INGEST_MAX_BODY_BYTES as sent and
 * INGEST_MAX_DECODED_BYTES once unpacked. A refusal names the limit and what to do.
 */
export const createRequestReader = (decoder: BodyDecoder) => {
  // What a small body unpacks to is not known beforehand, so their number is bounded instead.
  const inSlot = createSlots(MAX_DECODES_AT_ONCE);
  return async (request: Request, take: (bytes: number) => boolean): Promise<ReadResult> => {
    const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
    const isPlain = encoding === "identity" || encoding === "";
    if (!isPlain && !decoder.encodings.includes(encoding))
      return refuse(
        415,
        "UNSUPPORTED_ENCODING",
        `Content-Encoding ${encoding} is not taken here. Send ${decoder.encodings.join(", ")} or none${encoding === "zstd" ? "; zstd needs Node 22.15 or newer" : ""}.`,
      );
    const raw = await readRaw(request, take);
    if (!raw.ok || isPlain) return raw;
    const decoded = await inSlot(() =>
      decoder.decode(encoding, raw.body, INGEST_MAX_DECODED_BYTES),
    );
    if (decoded.ok) return { ok: true, body: decoded.body };
    return decoded.reason === "TOO_LARGE"
      ? refuse(
          413,
          "BODY_TOO_LARGE",
          `The body unpacks to more than ${INGEST_MAX_DECODED_BYTES} bytes. Send the logs in smaller batches.`,
        )
      : refuse(400, "CORRUPT_ENCODING", `The body is not whole ${encoding}.`);
  };
};
