/** Unpacks gzip. What browsers' and Node's types say it takes differs; both take bytes. */
export const gunzip = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> =>
  body.pipeThrough(
    new DecompressionStream("gzip") as unknown as TransformStream<Uint8Array, Uint8Array>,
  );
