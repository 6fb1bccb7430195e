import { KinesisClient } from "@aws-sdk/client-kinesis";
import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";

export type ClientOptions = {
  region: string;
  /** A local or private endpoint; undefined means AWS itself. */
  endpoint?: string | undefined;
  maxSockets?: number;
  requestTimeoutMs?: number;
  /** Attempts the SDK makes in all; 1 where the caller retries by itself. */
  maxAttempts?: number;
};

const CONNECT_TIMEOUT_MS = 2_000;

/** Emulators accept any key; a person without credentials should not need to invent some. */
const credentialsFor = (endpoint: string | undefined) => {
  const isLoopback = endpoint !== undefined && /\/\/(127\.|localhost|\[::1\])/.test(endpoint);
  return isLoopback ? { credentials: { accessKeyId: "local", secretAccessKey: "local" } } : {};
};

/** What every SDK client here shares: region, endpoint, pooled connections, deadlines. */
export const clientConfig = ({
  region,
  endpoint,
  maxSockets,
  requestTimeoutMs,
  maxAttempts,
}: ClientOptions) => ({
  region,
  ...(endpoint === undefined ? {} : { endpoint }),
  ...credentialsFor(endpoint),
  maxAttempts: maxAttempts ?? 3,
  // HTTP/1.1 with keep-alive: the Kinesis client's own HTTP/2 handler opens a new session, with
  // its TLS handshake, for every call (aws-sdk-js-v3 issue 8279).
  requestHandler: new NodeHttpHandler({
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs ?? 10_000,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets: maxSockets ?? 16 },
    httpsAgent: { keepAlive: true, maxSockets: maxSockets ?? 16 },
  }),
});

/** A Kinesis client over pooled HTTP/1.1 connections, with a deadline on every call. */
export const createKinesisClient = (options: ClientOptions): KinesisClient =>
  new KinesisClient(clientConfig(options));

/** An S3 client over pooled connections; path-style where an endpoint is given. */
export const createS3Client = (options: ClientOptions): S3Client =>
  new S3Client({ ...clientConfig(options), forcePathStyle: options.endpoint !== undefined });
