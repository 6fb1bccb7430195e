import { startIngest } from "./ingest-server.ts";
import { runPart } from "./part.ts";

await runPart("ingest", process.env, (context) => startIngest(context));
