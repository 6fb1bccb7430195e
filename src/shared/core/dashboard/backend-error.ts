export type Backend = "kinesis" | "s3" | "ingest" | "cloudwatch";

/** `unreachable` covers refused connections and deadlines: worth another try. */
export type BackendErrorKind = "unreachable" | "denied" | "failed";

const NAMES: Readonly<Record<Backend, string>> = {
  kinesis: "Kinesis",
  s3: "S3",
  ingest: "The ingestion interface",
  cloudwatch: "CloudWatch",
};

const hint = (backend: Backend, kind: BackendErrorKind): string => {
  if (backend === "ingest") return "Check that it runs and that INGEST_PORT is its port";
  if (kind === "unreachable") return "Check that it runs and that AWS_ENDPOINT_URL points to it";
  if (kind === "denied") return "Check the credentials and that the role may list and read";
  return "Check its own log";
};

/** A service the dashboard reads did not answer, or answered with an error. `message` is for people. */
export class BackendError extends Error {
  override readonly name = "BackendError";
  readonly backend: Backend;
  readonly kind: BackendErrorKind;
  /** The service's own error code, or the socket's. */
  readonly code: string;

  constructor(
    { backend, kind, code }: { backend: Backend; kind: BackendErrorKind; code: string },
    options?: ErrorOptions,
  ) {
    const what = { unreachable: "cannot be reached", denied: "refused", failed: "failed" }[kind];
    super(`${NAMES[backend]} ${what} (${code}). ${hint(backend, kind)}.`, options);
    this.backend = backend;
    this.kind = kind;
    this.code = code;
  }
}

/** What came of one part of an answer: a dead backend takes down its own part only. */
export type Attempt<T> = { ok: true; value: T } | { ok: false; error: BackendError };

/** Catches backend errors; anything else is a bug and passes through. */
export const attempt = async <T>(work: () => Promise<T>): Promise<Attempt<T>> => {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof BackendError) return { ok: false, error };
    throw error;
  }
};
