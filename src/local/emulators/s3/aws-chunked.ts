import { incompleteBody, invalidRequest } from "./errors.ts";

/** Room for a size, a signature and extensions; anything longer is not this format. */
const MAX_LINE_BYTES = 16_384;
const MAX_TRAILERS = 32;

export type AwsChunkedDecoder = {
  /** The payload bytes in this piece of the body, in order. */
  push(piece: Buffer): Buffer[];
  /** The trailers. Throws IncompleteBody when the last chunk has not come. */
  end(): Record<string, string>;
};

/**
 * Takes apart `aws-chunked`: `hex-size[;chunk-signature=…]`, data, …, a chunk of size 0, then trailer
 * lines. Signatures are not checked. Throws S3 errors on anything else.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export const createAwsChunkedDecoder = (): AwsChunkedDecoder => {
  let state: "size" | "data" | "dataEnd" | "trailer" | "done" = "size";
  let line = Buffer.alloc(0);
  let remaining = 0;
  const trailers: Record<string, string> = {};

  const takeSize = (text: string): void => {
    const size = /^([0-9a-f]{1,12})(?:;.*)?$/i.exec(text)?.[1];
    if (size === undefined) throw invalidRequest("The chunk size of the body is not hexadecimal.");
    remaining = Number.parseInt(size, 16);
    state = remaining === 0 ? "trailer" : "data";
  };
  const takeTrailer = (text: string): void => {
    if (text === "") {
      state = "done";
      return;
    }
    const colon = text.indexOf(":");
    if (colon < 1 || Object.keys(trailers).length >= MAX_TRAILERS)
      throw invalidRequest("The trailer of the body is malformed.");
    trailers[text.slice(0, colon).trim().toLowerCase()] = text.slice(colon + 1).trim();
  };
  const takeLine = (text: string): void => {
    if (state === "size") takeSize(text);
    else if (state === "trailer") takeTrailer(text);
    else if (text === "") state = "size";
    else throw invalidRequest("A chunk of the body is longer than its size says.");
  };

  return {
    push: (piece) => {
      const payload: Buffer[] = [];
      let at = 0;
      while (at < piece.length && state !== "done") {
        if (state === "data") {
          const end = Math.min(piece.length, at + remaining);
          payload.push(piece.subarray(at, end));
          remaining -= end - at;
          at = end;
          if (remaining === 0) state = "dataEnd";
          continue;
        }
        const newline = piece.indexOf(10, at);
        const end = newline < 0 ? piece.length : newline + 1;
        line = Buffer.concat([line, piece.subarray(at, end)]);
        at = end;
        if (line.length > MAX_LINE_BYTES) throw invalidRequest("The chunk framing is malformed.");
        if (newline < 0) continue;
        const text = line.toString("latin1").replace(/\r?\n$/, "");
        line = Buffer.alloc(0);
        takeLine(text);
      }
      return payload;
    },
    end: () => {
      // Some clients leave out the empty line after the trailers.
      if (state === "trailer") {
        const text = line.toString("latin1").trim();
        if (text !== "") takeTrailer(text);
      } else if (state !== "done") throw incompleteBody("The request body terminated unexpectedly");
      return trailers;
    },
  };
};
