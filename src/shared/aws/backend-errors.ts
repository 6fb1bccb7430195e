import {
  type Backend,
  BackendError,
  type BackendErrorKind,
} from "../core/dashboard/backend-error.ts";

const DENIED = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "AllAccessDisabled",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
  "CredentialsProviderError",
]);

const field = (error: unknown, name: string): unknown =>
  typeof error === "object" && error !== null
    ? (error as Record<string, unknown>)[name]
    : undefined;

/** The service's error code: the SDK's `name`, or what an unmodelled S3 answer carries as `Code`. */
export const awsErrorCode = (error: unknown): string => {
  const name = String(field(error, "Code") ?? field(error, "name") ?? "Error");
  const socket = field(error, "code");
  return typeof socket === "string" && /^E[A-Z]+$/.test(socket) ? socket : name;
};

export const awsStatus = (error: unknown): number | undefined => {
  const status = field(field(error, "$metadata"), "httpStatusCode");
  return typeof status === "number" ? status : undefined;
};

/** Any failure of an SDK call as a BackendError. No answer at all, or a 5xx, is `unreachable`. */
export const toBackendError = (backend: Backend, error: unknown): BackendError => {
  if (error instanceof BackendError) return error;
  const status = awsStatus(error);
  const code = awsErrorCode(error);
  const isSilent = status === undefined || status >= 500;
  const kind: BackendErrorKind = DENIED.has(code) ? "denied" : isSilent ? "unreachable" : "failed";
  return new BackendError({ backend, kind, code }, { cause: error });
};

/** Runs SDK calls; whatever they throw becomes a BackendError, unless `recover` has an answer. */
export const callBackend = async <T>(
  backend: Backend,
  call: () => Promise<T>,
  recover: (code: string, status: number | undefined) => { value: T } | undefined = () => undefined,
): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    const recovered = recover(awsErrorCode(error), awsStatus(error));
    if (recovered) return recovered.value;
    throw toBackendError(backend, error);
  }
};
