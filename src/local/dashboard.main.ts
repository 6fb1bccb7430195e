import path from "node:path";
import { startDashboard } from "./dashboard-server.ts";
import { runPart } from "./part.ts";

await runPart("dashboard", process.env, (context) =>
  startDashboard(context, context.config.DASHBOARD_PORT, path.join(import.meta.dirname, "ui")),
);
