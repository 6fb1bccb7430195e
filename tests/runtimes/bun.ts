import { createApps } from "./apps.ts";

const { ingest, dashboard } = createApps(Bun.env);
Bun.serve({ hostname: "127.0.0.1", port: Bun.env.INGEST_PORT, fetch: ingest.fetch });
Bun.serve({ hostname: "127.0.0.1", port: Bun.env.DASHBOARD_PORT, fetch: dashboard.fetch });
