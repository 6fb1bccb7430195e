import path from "node:path";
import { expect } from "vitest";
import { isOnPath, runTool } from "../support/tools.ts";
import { createModelChecker } from "./support/aws-model.ts";
import { STAGES } from "./support/package-stages.ts";
import { test } from "./support/packages.ts";
import { resource, type Template } from "./support/template.ts";

let checker: ReturnType<typeof createModelChecker> | undefined;
const check = (template: Template): string[] => {
  checker ??= createModelChecker();
  return checker(template);
};

test.for(STAGES)(
  "every resource of %s is as AWS's published model says",
  async (stage, { packages }) => {
    expect(check(await packages.templateOf(stage))).toEqual([]);
  },
);

type Fault = [name: string, plant: (template: Template) => void, problem: string];

const FAULTS: Fault[] = [
  [
    "a property that does not exist",
    (template) => {
      resource(template, "LogsStream").Properties.RetentionHours = 24;
    },
    "LogsStream: there is no property RetentionHours",
  ],
  [
    "a nested property that does not exist",
    (template) => {
      const mapping = resource(template, "ConsumerEventSourceMappingKinesisLogsStream");
      mapping.Properties.DestinationConfig.OnFailure.Bucket = "x";
    },
    "ConsumerEventSourceMappingKinesisLogsStream.DestinationConfig.OnFailure: there is no property Bucket",
  ],
  [
    "a text where a number belongs",
    (template) => {
      resource(template, "IngestLambdaFunction").Properties.Timeout = "long";
    },
    'IngestLambdaFunction.Timeout: "long" is no integer',
  ],
  [
    "a value where a list belongs",
    (template) => {
      const mapping = resource(template, "ConsumerEventSourceMappingKinesisLogsStream");
      mapping.Properties.FunctionResponseTypes = "ReportBatchItemFailures";
    },
    "ConsumerEventSourceMappingKinesisLogsStream.FunctionResponseTypes: must be a list",
  ],
  [
    "a property that is missing",
    (template) => {
      delete resource(template, "LogsTable").Properties.DatabaseName;
    },
    "LogsTable: DatabaseName is required",
  ],
  [
    "a resource type that does not exist",
    (template) => {
      resource(template, "LogsBucket").Type = "AWS::S3::Buckets";
    },
    "LogsBucket: there is no resource type AWS::S3::Buckets",
  ],
];

test.for(FAULTS)("the check finds %s", async ([, plant, problem], { packages }) => {
  const template = structuredClone(await packages.templateOf("dev"));
  plant(template);
  expect(check(template)).toContain(problem);
});

test("cfn-lint, where it is installed, has nothing to say", async ({ packages, skip }) => {
  if (!isOnPath("cfn-lint")) return skip("cfn-lint is not on PATH.");
  const templates = await Promise.all(
    STAGES.map(async (stage) =>
      path.join(await packages.folderOf(stage), "cloudformation-template-update-stack.json"),
    ),
  );
  // W3005: the framework says DependsOn where a reference says it already.
  const lint = ["--ignore-checks", "W3005", "--", ...templates];
  expect(await runTool("cfn-lint", lint)).toEqual({ code: 0, stdout: "", stderr: "" });
});
