import * as z from "zod";
import { type Config, ConfigError, loadConfig } from "../shared/core/config.ts";

/** What only the Lambda entry points read; serverless.yml sets it, people do not. */
const lambdaSchema = z.object({
  /** Who may call. `none` is for emulators and refused on AWS. */
  AUTH: z.enum(["aws_iam", "token", "none"]).default("aws_iam"),
  /** SSM parameter that holds the token of `AUTH=token`. */
  TOKEN_PARAMETER: z.string().startsWith("/", "must begin with /").optional(),
  /** True where the function URL has the invoke mode RESPONSE_STREAM. */
  RESPONSE_STREAMING: z
    .enum(["true", "false"])
    .transform((value) => value === "true")
    .default(false),
  /** Where the dashboard reads the consumer's figures: its state objects in S3, or CloudWatch. */
  CONSUMER_FIGURES: z.enum(["state", "cloudwatch"]).default("state"),
  CONSUMER_FUNCTION: z.string().default("consumer"),
  INGEST_FUNCTION: z.string().default("ingest"),
  METRICS_CONSUMER_FUNCTION: z.string().default("consumerMetrics"),
  METRICS_NAMESPACE: z.string().default("md-log-ingestion"),
});

export type LambdaConfig = Config & z.infer<typeof lambdaSchema>;

/**
 * The configuration of a Lambda function. Throws one ConfigError for whatever is wrong; a function
 * that cannot read its configuration answers nobody.
 */
export const loadLambdaConfig = (
  env: Readonly<Record<string, string | undefined>>,
): LambdaConfig => {
  const values = Object.keys(lambdaSchema.shape).flatMap((name) =>
    env[name] ? [[name, env[name]] as const] : [],
  );
  const parsed = lambdaSchema.safeParse(Object.fromEntries(values));
  if (!parsed.success)
    throw new ConfigError(`Configuration refused. ${z.prettifyError(parsed.error)}`);
  const config = { ...loadConfig(env), ...parsed.data };
  if (config.AUTH === "token" && config.TOKEN_PARAMETER === undefined)
    throw new ConfigError("Configuration refused. AUTH=token needs TOKEN_PARAMETER.");
  if (config.AUTH === "none" && config.AWS_ENDPOINT_URL === undefined)
    throw new ConfigError(
      "Configuration refused. AUTH=none would let anybody in: set aws_iam or token. Only an emulator, with AWS_ENDPOINT_URL, may be open.",
    );
  return config;
};
