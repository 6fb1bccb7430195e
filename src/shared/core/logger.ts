/** Structured log: fields first, then one sentence. Same shape as pino, so that pino is one. */
export type Logger = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  /** Unexpected, nothing lost. */
  warn(fields: object, message: string): void;
  /** Data at risk, or a person needed. */
  error(fields: object, message: string): void;
};

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
