import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const readPackages = (file) => {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
  } catch {
    return undefined;
  }
};

/** True when node_modules holds what package-lock.json asks for on this platform. */
const isInstalled = (folder) => {
  const wanted = readPackages(path.join(folder, "package-lock.json"));
  const present = readPackages(path.join(folder, "node_modules/.package-lock.json"));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(
    ([name, { version, optional }]) =>
      name === "" ||
      present[name]?.version === version ||
      // Optional packages of other platforms are never laid down.
      (optional && !existsSync(path.join(folder, name))),
  );
};

/** Runs `npm ci` unless the installed packages already match the lock file. Exits on failure. */
export const ensureInstalled = (folder = root) => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(
      `Node ${process.versions.node} is too old: this project needs Node 20.19 or newer.`,
    );
    process.exit(1);
  }
  if (isInstalled(folder)) return;
  const where = folder === root ? "" : ` in ${path.relative(root, folder)}/`;
  console.error(`Installing dependencies (npm ci)${where}, once …`);
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith(".js")
    ? [process.execPath, [npm, "ci"]]
    : [process.platform === "win32" ? "npm.cmd" : "npm", ["ci"]];
  // NODE_ENV=production would leave out the compiler and the test tools.
  const env = { ...process.env, NODE_ENV: "development" };
  const run = spawnSync(command, args, {
    cwd: folder,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (run.status !== 0) {
    console.error("npm ci failed; see its message above. Nothing was started.");
    process.exit(1);
  }
};
