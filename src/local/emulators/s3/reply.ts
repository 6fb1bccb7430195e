import { randomBytes } from "node:crypto";
import fs from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { pipeline } from "node:stream/promises";
import { xmlDocument } from "./xml.ts";

/** Bytes `start` to `end` (exclusive) of an open file, which sending closes. */
export type FileBody = { readonly fd: number; readonly start: number; readonly end: number };

export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | FileBody | undefined;
};

/** Small files are read at once; larger ones are streamed in pieces of this size. */
const PIECE_BYTES = 262_144;

export const emptyReply = (
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Reply => ({ status, headers: status === 204 ? headers : { "content-length": "0", ...headers } });

export const xmlReply = (
  name: string,
  inside: string,
  headers: Readonly<Record<string, string>> = {},
): Reply => ({
  status: 200,
  headers: { "content-type": "application/xml", ...headers },
  body: xmlDocument(name, inside),
});

export const newRequestId = (): string => randomBytes(8).toString("hex").toUpperCase();

const isFile = (body: Reply["body"]): body is FileBody => typeof body === "object";

/** Frees what a reply holds when it is not sent. */
export const discardReply = ({ body }: Reply): void => {
  if (isFile(body)) fs.closeSync(body.fd);
};

const sendFile = async (response: ServerResponse, { fd, start, end }: FileBody): Promise<void> => {
  if (end - start > PIECE_BYTES) {
    const stream = fs.createReadStream("", {
      fd,
      start,
      end: end - 1,
      highWaterMark: PIECE_BYTES,
    });
    return pipeline(stream, response);
  }
  const bytes = Buffer.allocUnsafe(end - start);
  try {
    let done = 0;
    while (done < bytes.length) {
      const count = fs.readSync(fd, bytes, done, bytes.length - done, start + done);
      if (count === 0) throw new Error("The file is shorter than it was when it was opened.");
      done += count;
    }
  } finally {
    fs.closeSync(fd);
  }
  response.end(bytes);
};

/** Sends the reply; HEAD gets no body. Rejects when the client is gone or the file cannot be read. */
export const sendReply = async (
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  requestId: string,
): Promise<void> => {
  const { body } = reply;
  const headers: Record<string, string> = {
    "x-amz-request-id": requestId,
    "x-amz-id-2": requestId,
    ...reply.headers,
  };
  if (typeof body === "string") headers["content-length"] = String(Buffer.byteLength(body));
  if (isFile(body)) headers["content-length"] = String(body.end - body.start);
  try {
    response.writeHead(reply.status, headers);
  } catch (error) {
    discardReply(reply);
    throw error;
  }
  if (request.method === "HEAD" || body === undefined) {
    discardReply(reply);
    response.end();
  } else if (typeof body === "string") response.end(body);
  else await sendFile(response, body);
};

/** Resets the connection (HTTP/1.1) or the stream (HTTP/2), so that the client gets no answer. */
export const resetConnection = (request: IncomingMessage): void => {
  const { stream } = request as unknown as Http2ServerRequest;
  if (request.httpVersionMajor === 2) stream.close(2);
  else request.socket.resetAndDestroy();
};
