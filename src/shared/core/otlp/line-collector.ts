import { type ItemRefusal, maxItemBytes } from "../ingest-body.ts";
import { INGEST_MAX_DECODED_BYTES, INGEST_MAX_LOGS, RECORD_MAX_BYTES } from "../limits.ts";
import type { SignalItem } from "../signal-door.ts";
import type { Signal } from "../signals.ts";
import type { Origin } from "./origin.ts";
import { OtlpError } from "./otlp-error.ts";

/** After these the rest of a request cannot be trusted, or is not wanted. */
const isOfWholeRequest = ({ code }: OtlpError): boolean =>
  code === "INVALID_JSON" || code === "TOO_MANY";

/** Reads what stands for itself, and returns what is wrong with it where the rest may be sound. */
export const attempt = <Value>(read: () => Value): Value | OtlpError => {
  try {
    return read();
  } catch (error) {
    if (error instanceof OtlpError && !isOfWholeRequest(error)) return error;
    throw error;
  }
};

const encoder = new TextEncoder();

/** Numbers the items of a request, and keeps the lines they become. */
export const createLineCollector = (signal: Signal) => {
  const items: SignalItem[] = [];
  const refused: ItemRefusal[] = [];
  let count = 0;
  let lineBytes = 0;

  const encode = (bytes: Uint8Array, service: string, lineOf: () => string): Uint8Array => {
    // Unread, so that no item costs more memory than a record could hold.
    if (bytes.length >= RECORD_MAX_BYTES)
      throw new OtlpError("TOO_LARGE", `${bytes.length} bytes; a record has ${RECORD_MAX_BYTES}.`);
    const line = encoder.encode(lineOf());
    lineBytes += line.length;
    // A resource is in each line below it: what is small as sent may be large as lines.
    if (lineBytes > INGEST_MAX_DECODED_BYTES)
      throw new OtlpError(
        "TOO_MANY",
        `The lines of the request, each with its resource, have more than ${INGEST_MAX_DECODED_BYTES} bytes. Send smaller batches.`,
      );
    const limit = maxItemBytes(signal, service);
    if (line.length > limit)
      throw new OtlpError(
        "TOO_LARGE",
        `Its line has ${line.length} bytes, with resource and scope; at most ${limit} are taken.`,
      );
    return line;
  };

  return {
    items,
    refused,
    /** `bytes` are those of the item as it was sent. */
    add: (
      bytes: Uint8Array,
      origin: Origin | OtlpError,
      lineOf: (origin: Origin) => string,
    ): void => {
      if (count === INGEST_MAX_LOGS)
        throw new OtlpError(
          "TOO_MANY",
          `More than ${INGEST_MAX_LOGS} items. Send smaller batches.`,
        );
      const index = count;
      count += 1;
      const line =
        origin instanceof OtlpError
          ? origin
          : attempt(() => encode(bytes, origin.service, () => lineOf(origin)));
      if (line instanceof OtlpError)
        refused.push({ index, code: line.code, reason: line.message, retryable: false });
      else if (!(origin instanceof OtlpError))
        items.push({ index, signal, service: origin.service, bytes: line });
    },
  };
};

export type LineCollector = ReturnType<typeof createLineCollector>;
