import { spawnSync } from "node:child_process";
import path from "node:path";
import { ensureInstalled, root } from "./install.mjs";

// The others (package, deploy, runtimes) fetch hundreds of megabytes at their first run, so they are
// asked for by name. Vitest joins negated names with "or", hence the list of what does run.
const always = ["unit", "conformance", "contract", "integration", "browser"];
const byDefault = always.flatMap((name) => ["--project", name]);

ensureInstalled();
const args = process.argv.slice(2);
const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
const run = spawnSync(
  process.execPath,
  [vitest, "run", ...(args.includes("--project") ? args : [...byDefault, ...args])],
  {
    cwd: root,
    stdio: "inherit",
    // The SDK's note on future Node versions would stand above every test file.
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
);
process.exit(run.status ?? 1);
