/** `throttled` and `unavailable` may pass by themselves; `permanent` needs a person. */
export type PutRecordsErrorKind = "throttled" | "unavailable" | "permanent";

export type PutRecordsErrorOptions = {
  readonly cause?: unknown;
  readonly mayBeStored?: boolean;
  /** The service itself has answered: it works on the call no more. */
  readonly isAnswered?: boolean;
};

/** A PutRecords call that failed as a whole. `code` is the service's own name for it. */
export class PutRecordsError extends Error {
  override readonly name = "PutRecordsError";
  readonly code: string;
  readonly kind: PutRecordsErrorKind;
  /** False where it is certain that no record of the call was stored. */
  readonly mayBeStored: boolean;
  /** The request may still be travelling or worked on: records of it may be stored from now on. */
  readonly mayStillArrive: boolean;
  constructor(
    kind: PutRecordsErrorKind,
    code: string,
    message: string,
    { cause, mayBeStored, isAnswered = false }: PutRecordsErrorOptions = {},
  ) {
    super(message, { cause });
    this.kind = kind;
    this.code = code;
    this.mayBeStored = mayBeStored ?? kind === "unavailable";
    this.mayStillArrive = this.mayBeStored && !isAnswered;
  }
}

/**
 * Anything a writer throws without saying what it is may pass: it counts as unavailable, and what
 * became of the records as unknown.
 */
export const toPutRecordsError = (error: unknown): PutRecordsError =>
  error instanceof PutRecordsError
    ? error
    : new PutRecordsError(
        "unavailable",
        error instanceof Error ? error.name : "UnknownError",
        error instanceof Error ? error.message : String(error),
        { cause: error },
      );
