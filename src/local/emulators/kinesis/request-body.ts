import type { IncomingMessage } from "node:http";
import { MIB, PUT_RECORDS_MAX_BYTES } from "../../../shared/core/limits.ts";
import { KinesisError } from "./errors.ts";

/**
 * Largest request body. 10 MiB of data is 13.4 MiB of base64; 500 keys of 256 characters, each
 * escaped as JSON may, add 1.5 MiB.
 */
export const MAX_BODY_BYTES = PUT_RECORDS_MAX_BYTES + 6 * MIB;

/** A larger body is read to its end and thrown away, so that the client gets to read the answer … */
const MAX_DISCARDED_BYTES = 64 * MIB;

/** Bodies above this wait for their turn. */
const SMALL_BODY_BYTES = MIB;
/** Memory for large bodies that are being read or worked on. */
const LARGE_BODIES_BYTES = 4 * MAX_BODY_BYTES;
/** A client that sends slower than this must not keep others from their turn. */
const READ_DEADLINE_MS = 60_000;

/** The client went away before its request was whole. Nobody is there to be answered. */
export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
}

const tooLarge = () =>
  new KinesisError(
    "RequestEntityTooLargeException",
    `The request body is larger than ${MAX_BODY_BYTES} bytes. PutRecords takes ${PUT_RECORDS_MAX_BYTES} bytes of data and partition keys.`,
    413,
  );

const discard = async (request: IncomingMessage, received: number): Promise<void> => {
  let total = received;
  for await (const chunk of request) {
    total += (chunk as Buffer).length;
    // … but not without end.
    if (total > MAX_DISCARDED_BYTES) return;
  }
};

const readChunks = async (request: IncomingMessage, declared: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let total = 0;
  const deadline = setTimeout(() => request.socket.destroy(), READ_DEADLINE_MS).unref();
  try {
    if (declared > MAX_BODY_BYTES) {
      await discard(request, 0);
      throw tooLarge();
    }
    for await (const chunk of request) {
      total += (chunk as Buffer).length;
      if (total > MAX_BODY_BYTES) {
        chunks.length = 0;
        if (total > MAX_DISCARDED_BYTES) break;
      } else chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof KinesisError) throw cause;
    throw new ClientGoneError("The request was aborted.", { cause });
  } finally {
    clearTimeout(deadline);
  }
  if (total > MAX_BODY_BYTES) throw tooLarge();
  // An aborted HTTP/2 request ends like a whole one; only its length tells.
  if (request.errored !== null || (declared > 0 && total !== declared))
    throw new ClientGoneError("The request was cut off.");
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
};

/** Reads bodies with a bound on each one and on all large ones together. */
export const createBodyReader = () => {
  let free = LARGE_BODIES_BYTES;
  const waiting: { bytes: number; go: () => void }[] = [];

  const acquire = (bytes: number): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ bytes, go: resolve });
      admit();
    });
  const admit = () => {
    for (let first = waiting[0]; first !== undefined && first.bytes <= free; first = waiting[0]) {
      waiting.shift();
      free -= first.bytes;
      first.go();
    }
  };

  /** Hands the body to `use`; its memory counts until `use` is done. */
  return async <T>(request: IncomingMessage, use: (body: Buffer) => Promise<T>): Promise<T> => {
    const header = request.headers["content-length"];
    const declared = header === undefined ? 0 : Number(header);
    const expected = header === undefined ? MAX_BODY_BYTES : Math.min(declared, MAX_BODY_BYTES);
    if (expected <= SMALL_BODY_BYTES) return use(await readChunks(request, declared));
    await acquire(expected);
    try {
      return await use(await readChunks(request, declared));
    } finally {
      free += expected;
      admit();
    }
  };
};
