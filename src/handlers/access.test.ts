import fc from "fast-check";
import { Hono } from "hono";
import { expect, test } from "vitest";
import type { Logger } from "../shared/core/logger.ts";
import { silentLogger } from "../shared/core/logger.ts";
import { type AccessDeps, lockApp } from "./access.ts";

const TOKEN = "0123456789abcdef";

const lockedApp = (deps: Partial<AccessDeps>) =>
  lockApp(
    new Hono().all("*", (c) => c.text("secret logs")),
    {
      mode: "token",
      readToken: async () => TOKEN,
      log: silentLogger,
      ...deps,
    },
  );

const ask = async (
  deps: Partial<AccessDeps>,
  { authorization, authorizer }: { authorization?: string; authorizer?: unknown } = {},
): Promise<Response> =>
  lockedApp(deps).request(
    "/any/path",
    authorization === undefined ? {} : { headers: { authorization } },
    { event: { requestContext: { authorizer } } },
  );

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

test("aws_iam lets in what an authorizer of AWS let through, and nothing else", async () => {
  const mode = "aws_iam";
  expect((await ask({ mode }, { authorizer: { iam: { accessKey: "A" } } })).status).toBe(200);
  for (const authorizer of [undefined, null, "", false, "iam"]) {
    const answer = await ask({ mode }, { authorizer, authorization: `Bearer ${TOKEN}` });
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain("secret");
  }
});

test("the token opens as a Bearer token and as anybody's password", async () => {
  expect((await ask({}, { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  expect((await ask({}, { authorization: basic(`:${TOKEN}`) })).status).toBe(200);
  expect((await ask({}, { authorization: basic(`some one:${TOKEN}`) })).status).toBe(200);
});

test("nothing but the token opens", async () => {
  const authorization = fc.oneof(
    fc.string().map((text) => `Bearer ${text}`),
    fc.string().map((text) => basic(`${text}:${text}`)),
    fc.constantFrom("", "Bearer", "Basic", TOKEN, basic(TOKEN), `Bearer ${TOKEN}0`),
    fc
      .integer({ min: 0, max: TOKEN.length - 1 })
      .map((length) => `Bearer ${TOKEN.slice(0, length)}`),
  );
  await fc.assert(
    fc.asyncProperty(authorization, async (text) => {
      const visible = text.replaceAll(/[^\x20-\x7e]/g, "");
      const { status } = await ask({}, { authorization: visible });
      expect([400, 401]).toContain(status);
    }),
  );
});

test("a refusal makes a browser ask for the token", async () => {
  const answer = await ask({});
  expect(answer.status).toBe(401);
  expect(answer.headers.get("www-authenticate")).toContain("Basic realm=");
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
});

test("where the token cannot be read nobody is let in, and the log says why", async () => {
  const logged: unknown[] = [];
  const log: Logger = { ...silentLogger, error: (fields) => void logged.push(fields) };
  const err = new Error("SSM is away");
  const readToken = () => Promise.reject(err);
  const answer = await ask({ readToken, log }, { authorization: `Bearer ${TOKEN}` });
  expect(answer.status).toBe(503);
  expect(await answer.text()).not.toContain("SSM");
  expect(logged).toEqual([{ err }]);
});

test("an emulator's functions are open", async () => {
  expect((await ask({ mode: "none" })).status).toBe(200);
});
