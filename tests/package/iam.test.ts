import path from "node:path";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { describe, expect, vi } from "vitest";
import { type HttpAnswer, loadHandler, readEvent, startAws, unpack } from "./support/bundles.ts";
import { STAGES } from "./support/package-stages.ts";
import { test } from "./support/packages.ts";
import { type AwsCall, startRecordingProxy } from "./support/recording-proxy.ts";
import { resourcesOf, type Statement, statementsOf } from "./support/template.ts";

const LOG = ["logs:CreateLogStream", "logs:PutLogEvents"];

/** What Lambda's event source mapping does in the consumer's name. */
const MAPPING = [
  "kinesis:DescribeStream",
  "kinesis:DescribeStreamSummary",
  "kinesis:GetRecords",
  "kinesis:GetShardIterator",
  "kinesis:ListShards",
];

const ACTIONS = {
  IngestRole: [...LOG, "kinesis:PutRecords"],
  ConsumerRole: [...LOG, ...MAPPING, "s3:PutObject", "s3:PutObject", "s3:ListBucket"],
  ConsumerMetricsRole: [...LOG, ...MAPPING, "s3:PutObject", "s3:PutObject", "s3:ListBucket"],
  DashboardRole: [
    ...LOG,
    "kinesis:DescribeStreamSummary",
    "kinesis:ListShards",
    "kinesis:GetShardIterator",
    "kinesis:GetRecords",
    "s3:ListBucket",
    "s3:GetObject",
  ],
} as const;

const asList = (value: string | string[]): string[] => (Array.isArray(value) ? value : [value]);

const isAllowed = (statements: readonly Statement[], { action, arn }: AwsCall): boolean =>
  statements.some(
    ({ Effect, Action, Resource }) =>
      Effect === "Allow" &&
      Action.includes(action) &&
      asList(Resource).some((pattern) =>
        new RegExp(
          `^${pattern
            .split("*")
            .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
            .join(".*")}$`,
        ).test(arn),
      ),
  );

describe.each(STAGES)("stage %s", (stage) => {
  test("each function has a role of its own, with these actions and no others", async ({
    packages,
  }) => {
    const template = await packages.templateOf(stage);
    const roles = resourcesOf(template, "AWS::IAM::Role").map(([id]) => id);
    expect(roles.sort()).toEqual(Object.keys(ACTIONS).sort());
    for (const [role, wanted] of Object.entries(ACTIONS)) {
      const actions = statementsOf(template, role).flatMap(({ Action }) => Action);
      const onAws = role === "DashboardRole" && stage !== "local";
      expect(actions.sort(), role).toEqual(
        [...wanted, ...(onAws ? ["cloudwatch:GetMetricData"] : [])].sort(),
      );
    }
    const used = resourcesOf(template, "AWS::Lambda::Function").map(
      ([, { Properties }]) => Properties.Role["Fn::GetAtt"][0],
    );
    expect(used.sort()).toEqual(roles);
  });

  test("nothing is granted on everything, but what AWS grants no other way", async ({
    packages,
  }) => {
    const template = await packages.templateOf(stage);
    for (const role of Object.keys(ACTIONS))
      for (const { Action, Resource } of statementsOf(template, role)) {
        for (const action of Action) expect(action, role).toMatch(/^[a-z0-9]+:[A-Za-z]+$/);
        for (const arn of asList(Resource)) {
          if (Action.join() === "cloudwatch:GetMetricData") expect(arn).toBe("*");
          else
            expect(arn, role).toMatch(
              /^arn:aws:(s3:::[a-z0-9-]+(\/(service=|_quarantine\/|aws\/lambda\/)?\*)?|(kinesis|logs):eu-west-1:123456789012:(stream\/[\w-]+|log-group:\/aws\/lambda\/[\w-]+:\*))$/,
            );
        }
      }
  });
});

const GET_ROUTES = [
  "/",
  "/streams",
  "/buckets",
  "/api/stats/summary",
  "/api/consumer",
  "/api/kinesis/streams",
  "/streams/stage01-logs-stream",
  "/buckets/md-raw-logs",
  "/buckets/md-raw-logs/partitions",
  "/logs/md-raw-logs",
  "/search",
  "/quarantine",
  "/alerts",
  "/docs",
  "/api/alerts",
  "/api/history",
  "/api/quarantine",
  "/api/quarantine/reasons",
  "/api/kinesis/stream/stage01-logs-stream/metrics",
  "/api/kinesis/stream/stage01-logs-stream/shards",
  "/api/kinesis/stream/stage01-logs-stream/records",
  "/api/kinesis/stream/stage01-logs-stream/consumers",
  "/api/kinesis/stream/stage01-metrics-stream/records",
  "/api/s3/buckets",
  "/api/s3/bucket/md-raw-logs/objects",
  "/api/s3/bucket/md-raw-logs/partitions",
];

const withPath = (name: string, rawPath: string): Record<string, unknown> => {
  const event = readEvent(name);
  const context = event.requestContext as { http: object };
  return {
    ...event,
    rawPath,
    requestContext: { ...context, http: { ...context.http, path: rawPath } },
  };
};

const get = (rawPath: string) => withPath("dashboard-summary", rawPath);

test("every call that a function makes is allowed to its role, and every permission is used", async ({
  packages,
}) => {
  const aws = await startAws();
  const proxy = await startRecordingProxy(aws.url, {
    "cloudwatch:GetMetricData": () => ({ MetricDataResults: [] }),
  });
  const folder = await packages.folderOf("local");
  const env = {
    AWS_ENDPOINT_URL: proxy.url,
    AUTH: "none",
    LOG_LEVEL: "error",
    CONSUMER_FIGURES: "cloudwatch",
  };
  const record = async (
    role: keyof typeof ACTIONS,
    zip: string,
    handlerName: string,
    events: Record<string, unknown>[],
    extra: Record<string, string> = {},
  ): Promise<void> => {
    proxy.calls.length = 0;
    const bundle = unpack(path.join(folder, `${zip}.zip`));
    const handler = loadHandler(bundle, handlerName, { ...env, ...extra });
    const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    for (const event of events) {
      const answer = (await handler(event)) as Partial<HttpAnswer>;
      expect(answer.statusCode ?? 200, JSON.stringify(event.rawPath)).toBe(200);
    }
    stdout.mockRestore();
    // Locally the consumer's figures come from S3; these are the permissions of AWS.
    const statements = [
      ...statementsOf(await packages.templateOf("local"), role),
      ...statementsOf(await packages.templateOf("prod"), role).filter(({ Action }) =>
        Action.includes("cloudwatch:GetMetricData"),
      ),
    ];
    for (const call of proxy.calls)
      expect(isAllowed(statements, call), `${role}: ${call.action} on ${call.arn}`).toBe(true);
    const made = new Set(proxy.calls.map(({ action }) => action));
    const ofLambda =
      role === "IngestRole" || role === "DashboardRole"
        ? LOG
        : [...LOG, ...MAPPING, "s3:ListBucket"];
    const granted = statements
      .flatMap(({ Action }) => Action)
      .filter((action) => !ofLambda.includes(action));
    expect([...made].sort(), role).toEqual([...new Set(granted)].sort());
  };

  await record("IngestRole", "ingest", "ingest", [
    readEvent("ingest-batch"),
    withPath("ingest-batch", "/api/ingest/metrics"),
    withPath("ingest-batch", "/api/ingest/apm"),
  ]);
  await record("ConsumerRole", "consumer", "consumer", [readEvent("kinesis-logs")], {
    TARGET_BUCKET: "md-raw-logs",
  });
  await record(
    "ConsumerMetricsRole",
    "consumerMetrics",
    "consumer",
    [readEvent("kinesis-metrics")],
    {
      TARGET_BUCKET: "md-raw-metrics",
      APM_BUCKET: "md-raw-apm",
    },
  );
  const { Contents = [] } = await aws.s3.send(
    new ListObjectsV2Command({ Bucket: "md-raw-logs", Prefix: "service=payment-service/" }),
  );
  await record(
    "DashboardRole",
    "dashboard",
    "dashboard",
    [...GET_ROUTES, `/api/s3/object/md-raw-logs/${Contents[0]?.Key}`].map(get),
    {
      TARGET_BUCKET: "md-raw-logs",
      METRICS_BUCKET: "md-raw-metrics",
      APM_BUCKET: "md-raw-apm",
    },
  );
  await proxy.close();
});
