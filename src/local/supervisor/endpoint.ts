import { createServer } from "node:net";

export const DEFAULT_AWS_ENDPOINT = "http://127.0.0.1:4566";

const PROBE_DEADLINE_MS = 1_500;

export type EndpointState =
  /** Nothing listens: the embedded local AWS can take the place. */
  | { kind: "free" }
  /** Speaks Kinesis; `name` is what it calls itself. */
  | { kind: "aws"; name: string }
  /** Something else answers, or a socket that does not speak HTTP. */
  | { kind: "foreign" };

const isConnectionRefused = (error: unknown): boolean =>
  error instanceof Error &&
  (((error.cause as { code?: string } | undefined)?.code ?? "") === "ECONNREFUSED" ||
    isConnectionRefused(error.cause));

const readName = async (endpoint: string): Promise<string> => {
  const unnamed = "an AWS endpoint";
  try {
    const response = await fetch(`${endpoint}/_localstack/health`, {
      signal: AbortSignal.timeout(PROBE_DEADLINE_MS),
    });
    const health = (await response.json()) as { edition?: unknown; version?: unknown };
    const name = [health.edition, health.version].filter((part) => typeof part === "string");
    return name.length > 0 ? name.join(" ") : unnamed;
  } catch {
    return unnamed;
  }
};

/** Finds out who answers at an endpoint by asking Kinesis for its streams, within 1.5 s a call. */
export const probeEndpoint = async (endpoint: string): Promise<EndpointState> => {
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "Kinesis_20131202.ListStreams",
        // LocalStack and moto read the region and the service out of an unverified signature.
        authorization:
          "AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: "{}",
      signal: AbortSignal.timeout(PROBE_DEADLINE_MS),
    });
    const answer = (await response.json()) as { StreamNames?: unknown };
    if (!Array.isArray(answer.StreamNames)) return { kind: "foreign" };
    return { kind: "aws", name: await readName(endpoint) };
  } catch (error) {
    return isConnectionRefused(error) ? { kind: "free" } : { kind: "foreign" };
  }
};

/** True when this process may listen on the port. */
export const isPortFree = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });

/** True for an address only this machine can reach. */
export const isLoopback = (endpoint: string): boolean =>
  /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(endpoint).hostname);
