import { createSecretReader, createSsmClient } from "../shared/aws/ssm-parameter.ts";
import type { LambdaConfig } from "./lambda-config.ts";

/** Reads the token of `AUTH=token` from SSM; without such a token it rejects. */
export const createTokenReader = ({
  TOKEN_PARAMETER,
  AWS_REGION,
  AWS_ENDPOINT_URL,
}: LambdaConfig): (() => Promise<string>) =>
  TOKEN_PARAMETER === undefined
    ? () => Promise.reject(new Error("TOKEN_PARAMETER is not set."))
    : createSecretReader(
        createSsmClient({ region: AWS_REGION, endpoint: AWS_ENDPOINT_URL }),
        TOKEN_PARAMETER,
        Date.now,
      );
