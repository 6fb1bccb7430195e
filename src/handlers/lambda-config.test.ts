import { expect, test } from "vitest";
import { loadLambdaConfig } from "./lambda-config.ts";

test("a function that is told nothing lets in signed requests only", () => {
  expect(loadLambdaConfig({}).AUTH).toBe("aws_iam");
  expect(loadLambdaConfig({ AUTH: "" }).AUTH).toBe("aws_iam");
});

test("only an emulator may be open", () => {
  expect(() => loadLambdaConfig({ AUTH: "none" })).toThrow(/set aws_iam or token/);
  const emulated = { AUTH: "none", AWS_ENDPOINT_URL: "http://127.0.0.1:4566" };
  expect(loadLambdaConfig(emulated).AUTH).toBe("none");
});

test("a lock whose key is nowhere is refused", () => {
  expect(() => loadLambdaConfig({ AUTH: "token" })).toThrow("AUTH=token needs TOKEN_PARAMETER");
  expect(() => loadLambdaConfig({ AUTH: "token", TOKEN_PARAMETER: "name" })).toThrow(
    "must begin with /",
  );
});

test("a word that is no lock is refused, not taken for an open door", () => {
  for (const AUTH of ["NONE", "open", "AWS_IAM", "true"])
    expect(() => loadLambdaConfig({ AUTH }), AUTH).toThrow("Configuration refused");
});

test("the settings that people know are read, too", () => {
  expect(loadLambdaConfig({ STREAM_NAME: "mine", COMPRESSION: "gzip" })).toMatchObject({
    KINESIS_STREAM_NAME: "mine",
    COMPRESSION: "gzip",
  });
  expect(() => loadLambdaConfig({ COMPRESSION: "zip" })).toThrow("COMPRESSION");
});
