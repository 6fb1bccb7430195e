import path from "node:path";
import { expect } from "vitest";
import { runTool } from "../support/tools.ts";
import { awayFromAws, STAGES } from "./support/package-stages.ts";
import { requireTool, test } from "./support/packages.ts";
import { resource, resourcesOf, type Template } from "./support/template.ts";

const { findOpenDoors, findUnlockedFunctions } = requireTool("./plugins/open-doors.cjs") as {
  findOpenDoors(template: Template): string[];
  findUnlockedFunctions(template: Template): string[];
};

const root = path.resolve(import.meta.dirname, "../..");

test.for(["dev", "staging", "prod"] as const)(
  "nothing of %s can be called without a key",
  async (stage, { packages }) => {
    const template = await packages.templateOf(stage);
    expect(findOpenDoors(template)).toEqual([]);
    expect(findUnlockedFunctions(template)).toEqual([]);
    for (const [, { Properties }] of resourcesOf(template, "AWS::Lambda::Url"))
      expect(Properties.AuthType).toBe("AWS_IAM");
    expect(resourcesOf(template, "AWS::Lambda::Permission")).toEqual([]);
  },
);

type Opening = [name: string, open: (template: Template) => void, functionName: string];

const OPENINGS: Opening[] = [
  [
    "a function URL without authorization",
    (template) => {
      resource(template, "DashboardLambdaFunctionUrl").Properties.AuthType = "NONE";
    },
    "dashboard",
  ],
  [
    "a permission for everybody",
    (template) => {
      template.Resources.Everybody = {
        Type: "AWS::Lambda::Permission",
        Properties: {
          Action: "lambda:InvokeFunctionUrl",
          Principal: "*",
          FunctionName: { Ref: "IngestLambdaFunction" },
        },
      };
    },
    "ingest",
  ],
  [
    "a route of an HTTP API without an authorizer",
    (template) => {
      Object.assign(template.Resources, {
        Route: {
          Type: "AWS::ApiGatewayV2::Route",
          Properties: { Target: { "Fn::Join": ["/", ["integrations", { Ref: "Integration" }]] } },
        },
        Integration: {
          Type: "AWS::ApiGatewayV2::Integration",
          Properties: { IntegrationUri: { "Fn::GetAtt": ["DashboardLambdaFunction", "Arn"] } },
        },
      });
    },
    "dashboard",
  ],
  [
    "a REST API's method without an authorizer",
    (template) => {
      template.Resources.Method = {
        Type: "AWS::ApiGateway::Method",
        Properties: {
          AuthorizationType: "NONE",
          Integration: {
            Uri: {
              // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in.
              "Fn::Sub": "arn:aws:apigateway:x:lambda:path/${IngestLambdaFunction.Arn}/invocations",
            },
          },
        },
      };
    },
    "ingest",
  ],
];

test.for(OPENINGS)("%s is found, with what to set", async ([, open, name], { packages }) => {
  const template = structuredClone(await packages.templateOf("prod"));
  open(template);
  const [problem, ...others] = findOpenDoors(template);
  expect(others).toEqual([]);
  expect(problem).toContain(`Anybody could call the function ${name} `);
  expect(problem).toContain(`Set the param ${name}Auth to aws_iam`);
});

test("a function that asks for a token may have a door without a lock", async ({ packages }) => {
  const template = structuredClone(await packages.templateOf("prod"));
  resource(template, "DashboardLambdaFunctionUrl").Properties.AuthType = "NONE";
  const { Variables } = resource(template, "DashboardLambdaFunction").Properties.Environment;
  Variables.AUTH = "token";
  expect(findOpenDoors(template)).toHaveLength(1);
  expect(findUnlockedFunctions(template)).toHaveLength(1);
  Variables.TOKEN_PARAMETER = "/md-log-ingestion/prod/dashboard-token";
  expect(findOpenDoors(template)).toEqual([]);
  expect(findUnlockedFunctions(template)).toEqual([]);
});

test("sls package refuses to open ingest and dashboard on AWS, and names what to set", async ({
  packages,
}) => {
  // One command at a time: they share the folder .serverless.
  await Promise.all(STAGES.map((stage) => packages.folderOf(stage)));
  const { code, stdout, stderr } = await runTool(
    process.execPath,
    [
      "scripts/sls.mjs",
      "package",
      "--stage=prod",
      "--param=ingestAuth=none",
      "--param=dashboardAuth=token",
    ],
    { cwd: root, env: awayFromAws() },
  );
  const output = stdout + stderr;
  expect(output).toContain("Anybody could call the function ingest");
  expect(output).toContain("Set the param ingestAuth to aws_iam");
  expect(output).toContain("Set the param dashboardTokenParameter");
  expect(code).toBe(1);
});
