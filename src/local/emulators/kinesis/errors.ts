/** An answer with an AWS error code; `status` is the HTTP status. */
export class KinesisError extends Error {
  override readonly name = "KinesisError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const invalidArgument = (message: string) =>
  new KinesisError("InvalidArgumentException", message);

export const resourceNotFound = (message: string) =>
  new KinesisError("ResourceNotFoundException", message);

export const resourceInUse = (message: string) =>
  new KinesisError("ResourceInUseException", message);

export const limitExceeded = (message: string) =>
  new KinesisError("LimitExceededException", message);

export const validationFailed = (problems: readonly string[]) =>
  new KinesisError(
    "ValidationException",
    `${problems.length} validation error${problems.length === 1 ? "" : "s"} detected: ${problems.join("; ")}`,
  );

export const serializationFailed = (message: string) =>
  new KinesisError("SerializationException", message);

export const internalFailure = (message: string) =>
  new KinesisError("InternalFailure", message, 500);

export const throughputExceeded = (shardId: string, stream: string, account: string) =>
  new KinesisError(
    "ProvisionedThroughputExceededException",
    `Rate exceeded for shard ${shardId} in stream ${stream} under account ${account}.`,
  );
