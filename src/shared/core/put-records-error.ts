/** `throttled` and `unavailable` may pass by themselves; `permanent` needs a person. */
export type PutRecordsErrorKind = "throttled" | "unavailable" | "permanent";

/** A PutRecords call that failed as a whole. `code` is the service's own name for it. */
export class PutRecordsError extends Error {
  override readonly name = "PutRecordsError";
  readonly code: string;
  readonly kind: PutRecordsErrorKind;
  constructor(kind: PutRecordsErrorKind, code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.code = code;
  }
}

/** Anything a writer throws without saying what it is may pass: it counts as unavailable. */
export const toPutRecordsError = (error: unknown): PutRecordsError =>
  error instanceof PutRecordsError
    ? error
    : new PutRecordsError(
        "unavailable",
        error instanceof Error ? error.name : "UnknownError",
        error instanceof Error ? error.message : String(error),
        error,
      );
