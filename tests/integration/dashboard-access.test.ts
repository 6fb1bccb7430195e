import { expect, test } from "vitest";
import { runOnce, startPart } from "../support/part-process.ts";
import { freePorts } from "../support/ports.ts";

const TOKEN = "0123456789abcdef-reader";

test("outside local the dashboard does not start without a token, and says what to set", async () => {
  const [port, aws] = await freePorts(2);
  const env = {
    STAGE: "dev",
    DASHBOARD_PORT: String(port),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${aws}`,
  };
  await expect(runOnce("dashboard", env)).rejects.toThrow(/ended with 78:.*set DASHBOARD_TOKEN/s);
  await expect(runOnce("dashboard", { ...env, DASHBOARD_TOKEN: "short" })).rejects.toThrow(
    /ended with 78:.*DASHBOARD_TOKEN=…/s,
  );
});

test("with a token it asks for it, whatever a proxy's headers say", async () => {
  const [port, aws] = await freePorts(2);
  const { url } = await startPart("dashboard", {
    STAGE: "dev",
    DASHBOARD_TOKEN: TOKEN,
    DASHBOARD_PORT: String(port),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${aws}`,
    LOG_LEVEL: "error",
  });
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(url + path, { headers });
    await answer.body?.cancel();
    return answer.status;
  };
  expect(await ask("/health")).toBe(200);
  expect(await ask("/")).toBe(401);
  expect(await ask("/docs", { "x-forwarded-for": "127.0.0.1" })).toBe(401);
  expect(await ask("/openapi.json", { authorization: `Bearer ${TOKEN}x` })).toBe(401);
  expect(await ask("/openapi.json", { authorization: `Bearer ${TOKEN}` })).toBe(200);
  const basic = Buffer.from(`me:${TOKEN}`).toString("base64");
  expect(await ask("/quarantine", { authorization: `Basic ${basic}` })).toBe(200);
});
