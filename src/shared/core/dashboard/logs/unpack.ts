/** What an object unpacks to is somebody else's doing: these are its bounds. */
export type UnpackLimits = {
  maxBytes: number;
  /** Unpacked by packed bytes, from `ratioFloorBytes` on. */
  maxRatio: number;
  ratioFloorBytes: number;
};

export const UNPACK_LIMITS: UnpackLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxRatio: 200,
  ratioFloorBytes: 8 * 1024 * 1024,
};

/** The object is larger than may be read at once, or a bomb. */
export class UnpackError extends Error {
  override readonly name = "UnpackError";
  readonly reason: "size" | "ratio";

  constructor(reason: "size" | "ratio", message: string) {
    super(message);
    this.reason = reason;
  }
}

export const isGzipKey = (key: string): boolean => key.endsWith(".gz");

/**
 * The object's lines as bytes, unpacked where its name says so. Errors with UnpackError where it
 * unpacks to far more than it is; how much is read in all is for the reader to bound.
 */
export const unpackStream = (
  body: ReadableStream<Uint8Array>,
  isCompressed: boolean,
  { maxRatio, ratioFloorBytes }: Pick<UnpackLimits, "maxRatio" | "ratioFloorBytes"> = UNPACK_LIMITS,
): ReadableStream<Uint8Array> => {
  if (!isCompressed) return body;
  let packed = 0;
  let unpacked = 0;
  const countPacked = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>({
    transform: (chunk, controller) => {
      packed += chunk.byteLength;
      controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
    },
  });
  const guard = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      unpacked += chunk.byteLength;
      if (unpacked > ratioFloorBytes && unpacked > packed * maxRatio)
        throw new UnpackError(
          "ratio",
          `It unpacks to more than ${maxRatio} times its size: reading stopped. Download it to look inside.`,
        );
      controller.enqueue(chunk);
    },
  });
  return body
    .pipeThrough(countPacked)
    .pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(guard);
};
