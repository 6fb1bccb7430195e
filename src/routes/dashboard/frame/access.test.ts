import { expect, test } from "vitest";
import { createTestDashboard } from "../../../../tests/support/dashboard-app.ts";

const TOKEN = "0123456789abcdef-reader";
const PROD = { stage: "prod", endpoint: "AWS", region: "us-east-1" };
const SHALLOW = { status: "ok", service: "stage01-dashboard", timestamp: expect.any(String) };

const basic = (text: string): string => `Basic ${btoa(text)}`;

/** Every path the app answers GET at, with something for each parameter. */
const everyPath = (app: ReturnType<typeof createTestDashboard>): string[] => [
  ...new Set(
    app.routes
      .filter(({ method, path }) => method === "GET" && path !== "/health")
      .map(({ path }) =>
        path.replaceAll(/:[a-z]+(\{[^}]*\})?/gi, "some-name").replaceAll("*", "x"),
      ),
  ),
];

test("outside local nothing but the shallow health answers while nobody said who may read", async () => {
  const app = createTestDashboard({}, { frame: PROD });
  const paths = everyPath(app);
  expect(paths.length).toBeGreaterThan(20);
  for (const path of [...paths, "/nothing", "/assets/x"]) {
    const answer = await app.request(path);
    expect([path, answer.status]).toEqual([path, 503]);
    expect(await answer.json()).toMatchObject({
      detail: expect.stringContaining("DASHBOARD_TOKEN"),
    });
  }
  expect(await (await app.request("/health")).json()).toEqual(SHALLOW);
});

test("with a token every route asks for it, and takes it as Bearer or as a password", async () => {
  const app = createTestDashboard({}, { frame: PROD, access: { mode: "token", token: TOKEN } });
  const ask = (path: string, authorization?: string) =>
    app.request(path, { headers: authorization === undefined ? {} : { authorization } });
  for (const path of [...everyPath(app), "/nothing"]) {
    const answer = await ask(path);
    expect([path, answer.status]).toEqual([path, 401]);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Basic .*Bearer/);
  }
  for (const wrong of [
    "Bearer",
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    basic(TOKEN),
    basic(`${TOKEN}:`),
    basic(`any:${TOKEN}x`),
    "Basic ====",
    `Digest ${TOKEN}`,
    "",
  ])
    expect([wrong, (await ask("/streams", wrong)).status]).toEqual([wrong, 401]);
  for (const right of [
    `Bearer ${TOKEN}`,
    `bearer ${TOKEN}`,
    basic(`:${TOKEN}`),
    basic(`me:${TOKEN}`),
  ])
    expect([right, (await ask("/streams", right)).status]).toEqual([right, 200]);
  expect(await (await ask("/health")).json()).toEqual(SHALLOW);
});

test("no header of a proxy opens anything", async () => {
  const app = createTestDashboard({}, { frame: PROD });
  const headers = {
    "x-forwarded-for": "127.0.0.1",
    "x-real-ip": "127.0.0.1",
    forwarded: "for=127.0.0.1",
  };
  expect((await app.request("/streams", { headers })).status).toBe(503);
});

test("a page of another site cannot read the API; a link to it works", async () => {
  const app = createTestDashboard();
  const from = (site: string, mode: string) =>
    app.request("/api/s3/buckets", { headers: { "sec-fetch-site": site, "sec-fetch-mode": mode } });
  expect((await from("cross-site", "no-cors")).status).toBe(403);
  expect((await from("same-site", "cors")).status).toBe(403);
  expect((await from("cross-site", "navigate")).status).toBe(200);
  expect((await from("same-origin", "cors")).status).toBe(200);
  expect((await from("none", "navigate")).status).toBe(200);
});
