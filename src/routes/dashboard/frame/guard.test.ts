import { expect, test } from "vitest";
import { createTestDashboard } from "../../../../tests/support/dashboard-app.ts";

const statusFor = async (configured: string, host: string): Promise<number> => {
  const app = createTestDashboard({}, { host: configured });
  return (await app.request("http://localhost/health", { headers: { host } })).status;
};

test("it answers under its own names, on any port", async () => {
  for (const host of [
    "localhost:8010",
    "127.0.0.1:8010",
    "[::1]:8010",
    "LOCALHOST",
    "localhost.:80",
    "logs.internal:8010",
  ])
    expect([host, await statusFor("logs.internal", host)]).toEqual([host, 200]);
  expect(await statusFor("::1", "[::1]:8010")).toBe(200);
});

test("a name that was pointed here from elsewhere is refused, and told why", async () => {
  for (const host of [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "10.0.0.1",
  ])
    expect([host, await statusFor("127.0.0.1", host)]).toEqual([host, 421]);
  const app = createTestDashboard({}, { host: "127.0.0.1" });
  const answer = await app.request("http://localhost/", { headers: { host: "evil.example" } });
  expect(await answer.json()).toMatchObject({ detail: expect.stringContaining("set HOST") });
});

test("listening on every interface it takes any address, but still no foreign name", async () => {
  expect(await statusFor("0.0.0.0", "192.168.1.7:8010")).toBe(200);
  expect(await statusFor("::", "[fe80::1]:8010")).toBe(200);
  expect(await statusFor("0.0.0.0", "evil.example")).toBe(421);
});

test("it takes GET and HEAD, and nothing else", async () => {
  const app = createTestDashboard();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const answer = await app.request("http://localhost/api/s3/buckets", { method });
    expect([method, answer.status, answer.headers.get("allow")]).toEqual([
      method,
      405,
      "GET, HEAD",
    ]);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  }
  const head = await app.request("http://localhost/health", { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});
