import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createAlertStore } from "../../src/local/alert-store.ts";
import { createAlertWebhook } from "../../src/local/alert-webhook.ts";
import { createAlertWatch } from "../../src/shared/core/dashboard/alerts/watch.ts";
import { pipelineEnv, startPipeline } from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";

type Call = { key: string | undefined; body: Record<string, unknown> };

/** A receiver that notes what it gets, and answers as it is told. */
const startReceiver = async () => {
  const calls: Call[] = [];
  const state = { status: 204 };
  const server = http.createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      calls.push({
        key: request.headers["idempotency-key"] as string | undefined,
        body: JSON.parse(text),
      });
      response.writeHead(state.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, calls, state };
};

const stateFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), "alerts-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

test("a receiver that fails gets the change again, and after a restart not once more", async () => {
  const { url, calls, state } = await startReceiver();
  const folder = await stateFolder();
  const start = () =>
    createAlertWatch({
      rules: [{ name: "lag", threshold: 60 }],
      forMs: 0,
      measure: async () => ({ lag: { value: 75 } }),
      notify: createAlertWebhook(url, { stage: "local", dashboardUrl: "http://127.0.0.1:8010" }),
      store: createAlertStore(folder),
      now: () => 1_000,
    });
  state.status = 500;
  const first = start();
  await expect(first.tick()).rejects.toThrow("500");
  state.status = 204;
  await first.tick();
  await first.tick();
  await start().tick();
  expect(calls.map(({ key }) => key)).toEqual(['"lag-firing-1000"', '"lag-firing-1000"']);
  expect(calls[1]?.body).toMatchObject({
    state: "firing",
    rule: "lag",
    value: 75,
    threshold: 60,
    unit: "s",
    stage: "local",
    since: "1970-01-01T00:00:01.000Z",
    url: "http://127.0.0.1:8010/streams",
    text: expect.stringContaining("FIRING: The consumer is behind"),
  });
});

test("a pipeline that refuses logs says so once to the receiver, on the page and in the API", async () => {
  const { url, calls } = await startReceiver();
  const env = await pipelineEnv({
    ALERT_WEBHOOK_URL: url,
    ALERT_RULES: "error_rate>0.5",
    ALERT_FOR: "0",
    DASHBOARD_DIR: await stateFolder(),
  });
  const { ingestUrl, dashboardUrl } = await startPipeline(env);
  await poll(
    "the alert fires",
    async () => {
      await fetch(`${ingestUrl}/api/ingest/batch`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "[1,2,3]",
      });
      return calls.length > 0;
    },
    45_000,
  );
  const alerts = (await (await fetch(`${dashboardUrl}/api/alerts`)).json()) as { firing: number };
  expect(alerts).toMatchObject({
    firing: 1,
    is_watched: true,
    webhook: { is_on: true, untold: 0 },
    alerts: [{ rule: "error_rate", state: "firing", value: 1 }],
  });
  const page = await (await fetch(`${dashboardUrl}/`)).text();
  expect(page).toContain("Logs are refused");
  expect(calls).toHaveLength(1);
});
