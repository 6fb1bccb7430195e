import type { Missing } from "../ports.ts";

/** An object's bytes from one place on. */
export type OpenedBytes = {
  /** Bytes of the whole object. */
  size: number;
  contentType: string | undefined;
  lastModified: Date | undefined;
  etag: string | undefined;
  metadata: Readonly<Record<string, string>>;
  /** Must be read to its end or cancelled. */
  body: ReadableStream<Uint8Array>;
};

export type BytesRequest = {
  bucket: string;
  key: string;
  /** First byte that is wanted, 0 unless given. */
  firstByte?: number | undefined;
  /** Last byte that is wanted, the object's last unless given. */
  lastByte?: number | undefined;
};

/** There is no such byte. */
export type OutOfRange = { missing: "range" };

/** Throws BackendError where the store does not answer. */
export type ObjectBytes = {
  open(request: BytesRequest, signal: AbortSignal): Promise<OpenedBytes | Missing | OutOfRange>;
};
