import { describe, expect } from "vitest";
import { STAGES } from "./support/package-stages.ts";
import { test } from "./support/packages.ts";
import { createEvaluator, resource, resourcesOf } from "./support/template.ts";

const AWS_STAGES = ["dev", "staging", "prod"] as const;
const DATA_BUCKETS = ["LogsBucket", "MetricsBucket", "ApmBucket"] as const;
const MAPPINGS = {
  ConsumerEventSourceMappingKinesisLogsStream: "LogsStream",
  ConsumerMetricsEventSourceMappingKinesisMetricsStream: "MetricsStream",
} as const;
const BATCHES = {
  local: { size: 100, windowSeconds: 5 },
  dev: { size: 500, windowSeconds: 5 },
  staging: { size: 5_000, windowSeconds: 30 },
  prod: { size: 10_000, windowSeconds: 60 },
} as const;

describe.each(STAGES)("stage %s", (stage) => {
  test("each stream feeds its consumer from the oldest record on, and gives nothing up early", async ({
    packages,
  }) => {
    const template = await packages.templateOf(stage);
    expect(resourcesOf(template, "AWS::Lambda::EventSourceMapping")).toHaveLength(2);
    for (const [id, stream] of Object.entries(MAPPINGS)) {
      const { Properties } = resource(template, id);
      const retentionSeconds = resource(template, stream).Properties.RetentionPeriodHours * 3_600;
      expect(Properties).toMatchObject({
        Enabled: true,
        EventSourceArn: { "Fn::GetAtt": [stream, "Arn"] },
        StartingPosition: "TRIM_HORIZON",
        BatchSize: BATCHES[stage].size,
        MaximumBatchingWindowInSeconds: BATCHES[stage].windowSeconds,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        MaximumRetryAttempts: -1,
        ParallelizationFactor: 1,
        BisectBatchOnFunctionError: true,
        DestinationConfig: {
          OnFailure: { Destination: { "Fn::GetAtt": ["OnFailureBucket", "Arn"] } },
        },
      });
      expect(Properties.MaximumRecordAgeInSeconds).toBeLessThan(retentionSeconds);
      expect(Properties.MaximumRecordAgeInSeconds).toBeGreaterThan(0.97 * retentionSeconds);
    }
  });

  test("every bucket is encrypted, closed to the public and to plain HTTP", async ({
    packages,
  }) => {
    const template = await packages.templateOf(stage);
    const policies = resourcesOf(template, "AWS::S3::BucketPolicy");
    for (const [id, { Properties }] of resourcesOf(template, "AWS::S3::Bucket")) {
      expect(Properties.PublicAccessBlockConfiguration, id).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      const [rule] = Properties.BucketEncryption.ServerSideEncryptionConfiguration;
      expect(rule.ServerSideEncryptionByDefault.SSEAlgorithm, id).toBe("AES256");
      const policy = policies.find(
        ([
          ,
          {
            Properties: { Bucket },
          },
        ]) => Bucket.Ref === id,
      );
      const statements = policy?.[1].Properties.PolicyDocument.Statement;
      expect(statements, id).toHaveLength(1);
      expect(statements[0], id).toMatchObject({
        Effect: "Deny",
        Action: "s3:*",
        Condition: { Bool: { "aws:SecureTransport": expect.anything() } },
      });
      expect(String(statements[0].Condition.Bool["aws:SecureTransport"]), id).toBe("false");
      expect(statements[0].Resource, id).toHaveLength(2);
    }
  });

  test("data, quarantine and state grow old each by its own rule, and checkpoints never do", async ({
    packages,
  }) => {
    const template = await packages.templateOf(stage);
    for (const id of DATA_BUCKETS) {
      const { LifecycleConfiguration, VersioningConfiguration } = resource(template, id).Properties;
      const rules = new Map(
        LifecycleConfiguration.Rules.map((rule: { Id: string }) => [rule.Id, rule]),
      ) as Map<string, Record<string, unknown>>;
      expect([...rules.keys()]).toEqual(["data", "quarantine", "state", "unfinished-uploads"]);
      expect(rules.get("data")).toMatchObject({ Prefix: "service=", Status: "Enabled" });
      expect(rules.get("quarantine")).toMatchObject({ Prefix: "_quarantine/", Status: "Enabled" });
      expect(rules.get("state")).toMatchObject({ Prefix: "_state/", Status: "Enabled" });
      expect(rules.get("state")).not.toHaveProperty("ExpirationInDays");
      expect(rules.get("state")).not.toHaveProperty("Transitions");
      expect(VersioningConfiguration.Status).toBe(stage === "prod" ? "Enabled" : "Suspended");
    }
  });

  test("streams are encrypted, keep a day and have shards where they are provisioned", async ({
    packages,
  }) => {
    const template = await packages.templateOf(stage);
    for (const [id, { Properties }] of resourcesOf(template, "AWS::Kinesis::Stream")) {
      expect(Properties.RetentionPeriodHours, id).toBe(24);
      expect(Properties.StreamEncryption.EncryptionType, id).toBe("KMS");
      const isProvisioned = Properties.StreamModeDetails.StreamMode === "PROVISIONED";
      expect(Properties.ShardCount !== undefined, id).toBe(isProvisioned);
    }
  });

  test("each function has the names of its own stage's streams and buckets", async ({
    packages,
  }) => {
    const template = await packages.templateOf(stage);
    const evaluate = createEvaluator(template);
    const nameOf = (id: string) => evaluate({ Ref: id });
    const environmentOf = (id: string) =>
      evaluate(resource(template, id).Properties.Environment.Variables) as Record<string, string>;
    expect(environmentOf("IngestLambdaFunction").KINESIS_STREAM_NAME).toBe(nameOf("LogsStream"));
    expect(environmentOf("ConsumerLambdaFunction").TARGET_BUCKET).toBe(nameOf("LogsBucket"));
    expect(environmentOf("IngestLambdaFunction").METRICS_STREAM_NAME).toBe(nameOf("MetricsStream"));
    expect(environmentOf("ConsumerMetricsLambdaFunction")).toMatchObject({
      // Of this stream APM is taken out.
      METRICS_STREAM_NAME: nameOf("MetricsStream"),
      TARGET_BUCKET: nameOf("MetricsBucket"),
      APM_BUCKET: nameOf("ApmBucket"),
    });
    expect(environmentOf("DashboardLambdaFunction")).toMatchObject({
      STAGE: stage,
      KINESIS_STREAM_NAME: nameOf("LogsStream"),
      METRICS_STREAM_NAME: nameOf("MetricsStream"),
      TARGET_BUCKET: nameOf("LogsBucket"),
      METRICS_BUCKET: nameOf("MetricsBucket"),
      APM_BUCKET: nameOf("ApmBucket"),
      CONSUMER_FUNCTION: nameOf("ConsumerLambdaFunction"),
      METRICS_CONSUMER_FUNCTION: nameOf("ConsumerMetricsLambdaFunction"),
    });
  });

  test("the consumer has more time than its S3 client takes to give up", async ({ packages }) => {
    const template = await packages.templateOf(stage);
    // Three attempts of 12 s and the waits between them.
    for (const id of ["ConsumerLambdaFunction", "ConsumerMetricsLambdaFunction"])
      expect(resource(template, id).Properties.Timeout).toBeGreaterThan(3 * 12 + 10);
    // REQUEST_DEADLINE_MS is 4 s.
    expect(resource(template, "IngestLambdaFunction").Properties.Timeout).toBeGreaterThan(8);
  });

  test("no condition is left for CloudFormation to decide", async ({ packages }) => {
    const template = await packages.templateOf(stage);
    expect(template.Conditions).toBeUndefined();
    expect(JSON.stringify(template)).not.toContain("Fn::If");
  });
});

test("local has the names that everybody's scripts know", async ({ packages }) => {
  const template = await packages.templateOf("local");
  const evaluate = createEvaluator(template);
  const names = ["LogsStream", "MetricsStream", ...DATA_BUCKETS].map((id) => evaluate({ Ref: id }));
  expect(names).toEqual([
    "stage01-logs-stream",
    "stage01-metrics-stream",
    "md-raw-logs",
    "md-raw-metrics",
    "md-raw-apm",
  ]);
});

test.for(AWS_STAGES)(
  "on AWS no bucket of %s can collide with another account's, region's or stage's",
  async (stage, { packages }) => {
    const template = await packages.templateOf(stage);
    const evaluate = createEvaluator(template);
    for (const id of [...DATA_BUCKETS, "OnFailureBucket"]) {
      const name = String(evaluate({ Ref: id }));
      expect(name).toMatch(new RegExp(`^123456789012-eu-west-1-${stage}-md-raw-`));
      // The longest name of a region is 14 characters.
      expect(name.length - "eu-west-1".length + 14).toBeLessThanOrEqual(63);
    }
    expect(evaluate({ Ref: "LogsStream" })).toBe(`${stage}-stage01-logs-stream`);
  },
);

test.for(AWS_STAGES)("buckets of %s outlive their stack", async (stage, { packages }) => {
  const template = await packages.templateOf(stage);
  for (const id of [...DATA_BUCKETS, "OnFailureBucket"])
    expect(resource(template, id)).toMatchObject({
      DeletionPolicy: "RetainExceptOnCreate",
      UpdateReplacePolicy: "Retain",
    });
});

test.for(AWS_STAGES)(
  "%s raises an alarm for everything that needs a person",
  async (stage, { packages }) => {
    const template = await packages.templateOf(stage);
    const evaluate = createEvaluator(template);
    const alarms = resourcesOf(template, "AWS::CloudWatch::Alarm").map(
      ([, { Properties }]) => evaluate(Properties) as Record<string, unknown>,
    );
    const metrics = new Set(
      alarms.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`),
    );
    expect([...metrics].sort()).toEqual(
      [
        ...(stage === "prod" ? ["AWS/Kinesis IncomingRecords"] : []),
        "AWS/Kinesis WriteProvisionedThroughputExceeded",
        "AWS/Lambda DroppedEventCount",
        "AWS/Lambda Errors",
        "AWS/Lambda IteratorAge",
        "AWS/Lambda OnFailureDestinationDeliveredEventCount",
        "AWS/Lambda Throttles",
        "md-log-ingestion FailedBatches",
        "md-log-ingestion Parts",
        "md-log-ingestion Quarantined",
      ].sort(),
    );
    for (const alarm of alarms) expect(alarm.AlarmActions).toEqual(["AlarmTopic"]);
    const ofStream = alarms.filter(({ Namespace }) => Namespace === "md-log-ingestion");
    for (const { Dimensions } of ofStream)
      expect(Dimensions).toEqual([
        { Name: "Stage", Value: stage },
        {
          Name: "Stream",
          Value: expect.stringMatching(`^${stage}-stage01-(logs|metrics)-stream$`),
        },
      ]);
  },
);

test("a local stack holds nothing that the emulators do not know", async ({ packages }) => {
  const template = await packages.templateOf("local");
  const types = new Set(Object.values(template.Resources).map(({ Type }) => Type));
  expect([...types].sort()).toEqual([
    "AWS::IAM::Role",
    "AWS::Kinesis::Stream",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
  ]);
});
