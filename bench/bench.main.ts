import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";

/** `npm run bench [-- NAME …]`: runs the named benchmarks, each in a process of its own. */
const folder = import.meta.dirname;
const available = readdirSync(folder)
  .map((file) => /^bench-([a-z0-9-]+)\.js$/.exec(file)?.[1])
  .filter((name) => name !== undefined)
  .sort();
const [name = "all", ...args] = process.argv.slice(2);
const chosen = name === "all" ? available : available.filter((one) => one === name);
if (chosen.length === 0) {
  console.error(`No benchmark "${name}". There are: ${available.join(", ")}, all.`);
  process.exit(2);
}
for (const one of chosen) {
  console.log(`\n== ${one} ==`);
  const run = spawnSync(process.execPath, [path.join(folder, `bench-${one}.js`), ...args], {
    stdio: "inherit",
  });
  if (run.status !== 0) process.exitCode = 1;
}
