import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { type Handler, loadHandler, readEvent } from "./bundles.ts";

export type Answer = {
  status: number;
  headers: Record<string, string>;
  /** As a client has it, once it has undone the Content-Encoding. */
  body: Buffer;
};

export type Ask = (
  path: string,
  options?: { headers?: Record<string, string>; domainName?: string },
) => Promise<Answer>;

type Metadata = { statusCode: number; headers: Record<string, string> };
type StreamHandler = (event: unknown, stream: PassThrough, context: unknown) => Promise<void>;

/** Between the JSON of status and headers and the body, as Lambda's runtime writes a stream. */
const SEPARATOR = Buffer.alloc(8);

/** The part of Lambda's Node.js runtime that streams answers. */
const runtime = {
  streamifyResponse: (handler: StreamHandler) => handler,
  HttpResponseStream: {
    from: (stream: PassThrough, metadata: Metadata) => {
      stream.write(JSON.stringify(metadata));
      stream.write(SEPARATOR);
      return stream;
    },
  },
};

const eventOf = (path: string, options: Parameters<Ask>[1] = {}): Record<string, unknown> => {
  const event = readEvent("dashboard-summary");
  const context = event.requestContext as { http: object; domainName: string };
  const [rawPath = "", ...query] = path.split("?");
  return {
    ...event,
    rawPath,
    rawQueryString: query.join("?"),
    headers: { ...(event.headers as object), ...options.headers },
    requestContext: {
      ...context,
      domainName: options.domainName ?? context.domainName,
      http: { ...context.http, path: rawPath },
    },
  };
};

const unpacked = (status: number, headers: Record<string, string>, body: Buffer): Answer => ({
  status,
  headers,
  body: headers["content-encoding"] === "gzip" ? gunzipSync(body) : body,
});

const askBuffered = async (handler: Handler, event: unknown): Promise<Answer> => {
  const { statusCode, headers, body, isBase64Encoded } = (await handler(event)) as {
    statusCode: number;
    headers: Record<string, string>;
    body: string;
    isBase64Encoded: boolean;
  };
  return unpacked(statusCode, headers, Buffer.from(body, isBase64Encoded ? "base64" : "utf8"));
};

const askStreaming = async (handler: Handler, event: unknown): Promise<Answer> => {
  const stream = new PassThrough();
  const received = buffer(stream);
  await (handler as unknown as StreamHandler)(event, stream, {});
  const bytes = await received;
  const end = bytes.indexOf(SEPARATOR);
  const { statusCode, headers } = JSON.parse(bytes.subarray(0, end).toString()) as Metadata;
  return unpacked(statusCode, headers, bytes.subarray(end + SEPARATOR.length));
};

/**
 * The bundled dashboard, asked as a function URL asks it. `path` goes into the event as it stands;
 * `domainName` is another door's.
 */
export const loadDashboard = (
  bundle: string,
  mode: "buffered" | "streaming",
  env: Readonly<Record<string, string>>,
): Ask => {
  const isStreaming = mode === "streaming";
  const scope = globalThis as { awslambda?: typeof runtime };
  if (isStreaming) scope.awslambda = runtime;
  onTestFinished(() => {
    delete scope.awslambda;
  });
  const handler = loadHandler(bundle, "dashboard", {
    LOG_LEVEL: "error",
    LAMBDA_TASK_ROOT: bundle,
    RESPONSE_STREAMING: String(isStreaming),
    ...env,
  });
  const ask = isStreaming ? askStreaming : askBuffered;
  return (path, options) => ask(handler, eventOf(path, options));
};
