import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { createMemo } from "../core/dashboard/memo.ts";
import { type ClientOptions, clientConfig } from "./clients.ts";

const DEADLINE_MS = 3_000;
/** How long a changed parameter may go unnoticed. */
const FRESH_MS = 5 * 60_000;
/** Short enough to be guessed is as good as none. */
const MIN_LENGTH = 16;

export const createSsmClient = (options: ClientOptions): SSMClient =>
  new SSMClient(clientConfig({ requestTimeoutMs: DEADLINE_MS, maxAttempts: 2, ...options }));

/**
 * Reads a secret of at least 16 characters from SSM, decrypted, at most once in five minutes.
 * `/aws/reference/secretsmanager/<name>` reads one of Secrets Manager. A failed read is not kept.
 */
export const createSecretReader = (
  client: SSMClient,
  name: string,
  now: () => number,
): (() => Promise<string>) => {
  const memo = createMemo<string>(FRESH_MS, now);
  return () =>
    memo(name, async () => {
      const { Parameter } = await client.send(
        new GetParameterCommand({ Name: name, WithDecryption: true }),
      );
      const value = Parameter?.Value ?? "";
      if (value.length < MIN_LENGTH)
        throw new Error(`SSM parameter ${name} is shorter than ${MIN_LENGTH} characters.`);
      return value;
    });
};
