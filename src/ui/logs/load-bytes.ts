import {
  UNPACK_LIMITS,
  UnpackError,
  unpackStream,
} from "../../shared/core/dashboard/logs/unpack.ts";

const HEADERS = { Accept: "application/octet-stream, text/plain, application/problem+json" };

const requireOk = async (answer: Response): Promise<Response> => {
  if (answer.ok) return answer;
  const { detail } = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new Error(detail ?? `The dashboard answered ${answer.status}.`);
};

/** The object's stored bytes; piece by piece where one answer may not have them all. */
const storedBytes = async (
  url: string,
  size: number,
  chunkBytes: number | null,
): Promise<ReadableStream<Uint8Array>> => {
  if (chunkBytes === null || size <= chunkBytes) {
    const { body } = await requireOk(await fetch(url, { headers: HEADERS }));
    return body ?? new ReadableStream({ start: (controller) => controller.close() });
  }
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (at >= size) return controller.close();
      const range = `bytes=${at}-${Math.min(size, at + chunkBytes) - 1}`;
      const answer = await requireOk(await fetch(url, { headers: { ...HEADERS, Range: range } }));
      const piece = new Uint8Array(await answer.arrayBuffer());
      if (piece.byteLength === 0) return controller.close();
      at += piece.byteLength;
      controller.enqueue(piece);
    },
  });
};

const readAll = async (
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  progress: (bytes: number) => void,
): Promise<Uint8Array> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      throw new UnpackError("size", `It has more than ${maxBytes / 1_048_576} MB.`);
    }
    parts.push(value);
    progress(size);
  }
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
};

/** An object's lines as bytes. UnpackError where there are more than a browser tab should hold. */
export const loadObject = async (
  {
    url,
    size,
    chunkBytes,
    isCompressed,
  }: { url: string; size: number; chunkBytes: number | null; isCompressed: boolean },
  room: number,
  progress: (bytes: number) => void,
): Promise<Uint8Array> => {
  const stored = await storedBytes(url, size, chunkBytes);
  const maxBytes = Math.min(UNPACK_LIMITS.maxBytes, room);
  return readAll(unpackStream(stored, isCompressed), maxBytes, progress);
};

/** A window of lines, and where it lies. */
export const loadWindow = async (
  url: string,
): Promise<{
  bytes: Uint8Array;
  firstLine: number;
  firstByte: number;
  next: { line: number; byte: number } | null;
}> => {
  const answer = await requireOk(await fetch(url, { headers: HEADERS }));
  const number = (name: string) => Number(answer.headers.get(name) ?? 0);
  const next = answer.headers.has("X-Next-Line")
    ? { line: number("X-Next-Line"), byte: number("X-Next-Byte") }
    : null;
  return {
    bytes: new Uint8Array(await answer.arrayBuffer()),
    firstLine: number("X-First-Line"),
    firstByte: number("X-First-Byte"),
    next,
  };
};
