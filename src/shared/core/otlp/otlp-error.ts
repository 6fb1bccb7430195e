export type OtlpErrorCode =
  | "MALFORMED"
  | "INVALID_JSON"
  | "INVALID_UTF8"
  | "TOO_DEEP"
  | "TOO_LARGE"
  | "TOO_MANY";

/** A message that cannot be read. What is not JSON at all cannot be told apart from its neighbours. */
export class OtlpError extends Error {
  override readonly name = "OtlpError";
  readonly code: OtlpErrorCode;
  constructor(code: OtlpErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Values inside one another in an attribute or a body. The parsers of protobuf in C++, Java and
 * Python stop at 33; a line has to stay below what a log may have (INGEST_MAX_DEPTH).
 */
export const OTLP_MAX_VALUE_DEPTH = 128;

export const tooDeep = (): OtlpError =>
  new OtlpError("TOO_DEEP", `More than ${OTLP_MAX_VALUE_DEPTH} values inside one another.`);
