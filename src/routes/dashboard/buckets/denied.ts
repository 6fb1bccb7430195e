import { BackendError } from "../../../shared/core/dashboard/backend-error.ts";
import { problem } from "../../problem.ts";

/** The IAM action that S3 wants where it refuses; undefined for any other failure. */
export const missingAction = (
  error: unknown,
  action: "s3:ListBucket" | "s3:GetObject" | "s3:ListAllMyBuckets",
): string | undefined =>
  error instanceof BackendError && error.backend === "s3" && error.kind === "denied"
    ? action
    : undefined;

/** Runs a read of a bucket; a refusal is answered with the action that is missing. */
export const naming = async (
  action: "s3:ListBucket" | "s3:GetObject",
  bucket: string,
  read: () => Promise<Response>,
): Promise<Response> => {
  try {
    return await read();
  } catch (error) {
    const missing = missingAction(error, action);
    if (missing === undefined || !(error instanceof BackendError)) throw error;
    return problem(502, {
      code: "S3_DENIED",
      detail: `S3 refused (${error.code}): the dashboard may not ${missing} on ${bucket}. Allow it in the dashboard's role, then try again.`,
      missing_action: missing,
      aws_code: error.code,
    });
  }
};
