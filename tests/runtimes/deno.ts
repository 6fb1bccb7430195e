import { createApps } from "./apps.ts";

const { ingest, dashboard } = createApps(Deno.env.toObject());
Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("INGEST_PORT")) }, ingest.fetch);
Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("DASHBOARD_PORT")) },
  dashboard.fetch,
);
