/** An error S3 answers with. `details` become elements of the XML, `headers` of the answer. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    extra: {
      details?: Readonly<Record<string, string>>;
      headers?: Readonly<Record<string, string>>;
      cause?: unknown;
    } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.status = status;
    this.code = code;
    this.details = extra.details ?? {};
    this.headers = extra.headers ?? {};
  }
}

// Codes and messages: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

export const noSuchBucket = (bucket: string): S3Error =>
  new S3Error(404, "NoSuchBucket", "The specified bucket does not exist", {
    details: { BucketName: bucket },
  });

export const noSuchKey = (key: string, message = "The specified key does not exist."): S3Error =>
  new S3Error(404, "NoSuchKey", message, { details: { Key: key } });

export const noSuchUpload = (uploadId: string): S3Error =>
  new S3Error(
    404,
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    { details: { UploadId: uploadId } },
  );

export const preconditionFailed = (condition: string): S3Error =>
  new S3Error(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
    { details: { Condition: condition } },
  );

export const invalidArgument = (message: string, name: string, value: string): S3Error =>
  new S3Error(400, "InvalidArgument", message, {
    details: { ArgumentName: name, ArgumentValue: value },
  });

export const invalidRequest = (message: string): S3Error =>
  new S3Error(400, "InvalidRequest", message);

export const malformedXml = (): S3Error =>
  new S3Error(
    400,
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );

export const notImplemented = (what: string): S3Error =>
  new S3Error(501, "NotImplemented", `The local S3 does not implement ${what}.`);

export const incompleteBody = (message: string): S3Error =>
  new S3Error(400, "IncompleteBody", message);

export const entityTooLarge = (maxBytes: number): S3Error =>
  new S3Error(
    400,
    "EntityTooLarge",
    "Your proposed upload exceeds the maximum allowed object size.",
    { details: { MaxSizeAllowed: String(maxBytes) } },
  );

/** What a failed file operation or a bug looks like from outside; the SDKs retry it. */
export const internalError = (message: string, cause?: unknown): S3Error =>
  new S3Error(500, "InternalError", message, { cause });
