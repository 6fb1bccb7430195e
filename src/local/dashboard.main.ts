import { startDashboard } from "./dashboard-server.ts";
import { runPart } from "./part.ts";

await runPart("dashboard", process.env, (context) => startDashboard(context));
