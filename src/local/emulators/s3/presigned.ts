import { S3Error } from "./errors.ts";

const MAX_EXPIRES_SECONDS = 604_800;

const refused = (message: string): S3Error =>
  new S3Error(400, "AuthorizationQueryParametersError", message);

const expired = (expiresAt: number, now: number): S3Error =>
  new S3Error(403, "AccessDenied", "Request has expired", {
    details: {
      Expires: new Date(expiresAt).toISOString(),
      ServerTime: new Date(now).toISOString(),
    },
  });

/**
 * Refuses a presigned URL that has expired, of either signature version. Signatures themselves are
 * not verified: any credentials will do here.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export const checkPresigned = (query: URLSearchParams, now: number): void => {
  const date = query.get("X-Amz-Date");
  const expires = query.get("X-Amz-Expires");
  if (query.has("X-Amz-Signature")) {
    const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date ?? "");
    if (parts === null)
      throw refused("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
    const seconds = Number(expires);
    if (expires === null || !/^\d+$/.test(expires))
      throw refused("X-Amz-Expires should be a number");
    if (seconds > MAX_EXPIRES_SECONDS)
      throw refused(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
      );
    const [, year, month, day, hour, minute, second] = parts.map(Number);
    const signedAt = Date.UTC(
      year ?? 0,
      (month ?? 1) - 1,
      day ?? 1,
      hour ?? 0,
      minute ?? 0,
      second ?? 0,
    );
    if (now > signedAt + seconds * 1000) throw expired(signedAt + seconds * 1000, now);
    return;
  }
  const expiresAt = Number(query.get("Expires")) * 1000;
  if (query.has("Signature") && !(now <= expiresAt)) throw expired(expiresAt || 0, now);
};
