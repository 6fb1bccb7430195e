#!/usr/bin/env node
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureInstalled, root } from "./install.mjs";

// `npx sls …` and the npm scripts end here. The deploy tools live in deploy/, with a lock file of
// their own, and are installed by the first command that needs them: `npm start` never does.
const deployFolder = path.join(root, "deploy");
const LOCAL_ENDPOINT = "http://127.0.0.1:4566";
const EXIT_TIMED_OUT = 124;
const KILL_AFTER_MS = 5_000;

const args = process.argv.slice(2);

const optionOf = (...names) => {
  const at = args.findIndex((arg) =>
    names.some((name) => arg === name || arg.startsWith(`${name}=`)),
  );
  if (at < 0) return undefined;
  return args[at].includes("=") ? args[at].slice(args[at].indexOf("=") + 1) : args[at + 1];
};

/** A handler that fails can leave sockets and bundlers open, and the framework then never ends. */
const deadlineSeconds = () => {
  if (process.env.SLS_DEADLINE_SECONDS) return Number(process.env.SLS_DEADLINE_SECONDS);
  if (args[0] === "invoke" && args[1] === "local") return 60;
  if (args[0] === "package" || args[0] === "print") return 300;
  return 3_600;
};

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
};

/** Takes the lock file unless a living process has it. What a killed one left is taken over. */
const takeLock = (file) => {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    if (!isAlive(Number(readFileSync(file, "utf8")))) rmSync(file, { force: true });
  } catch (error) {
    // Released since.
    if (error.code !== "ENOENT") throw error;
  }
  return false;
};

/** The framework packages into .serverless, whatever it is told: two at once would mix there. */
const waitForTurn = async (file) => {
  mkdirSync(path.dirname(file), { recursive: true });
  for (let isTold = false; !takeLock(file); isTold = true) {
    if (!isTold) console.error("Waiting for another sls command in this folder …");
    await sleep(200);
  }
};

ensureInstalled();
ensureInstalled(deployFolder);
const { build } = await import("./build.mjs");
// The dashboard's own zip takes the browser's scripts from there.
await build();

// A folder of its own for each run: what an interrupted one leaves would end up in the next zip.
// Below deploy/, whose package.json makes Node read the bundles as CommonJS.
const bundleFolder = path.join("deploy", ".bundles", String(process.pid));
const lockFile = path.join(deployFolder, ".bundles", "lock");
const needsTurn = args[0] === "package" || args[0] === "deploy";
const isLocal = (optionOf("--stage", "-s") ?? "local") === "local";

if (needsTurn) await waitForTurn(lockFile);
const child = spawn(
  process.execPath,
  [
    createRequire(path.join(deployFolder, "package.json")).resolve("serverless/bin/serverless.js"),
    ...args,
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      ...(isLocal && !process.env.AWS_ENDPOINT_URL ? { AWS_ENDPOINT_URL: LOCAL_ENDPOINT } : {}),
      SLS_BUNDLE_FOLDER: bundleFolder,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      // The local plugin still calls AWS through version 2 of its SDK.
      AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: "1",
    },
  },
);

let isLate = false;
const seconds = deadlineSeconds();
const deadline = setTimeout(() => {
  isLate = true;
  console.error(
    `sls ${args.join(" ")} did not end within ${seconds} s and was stopped. SLS_DEADLINE_SECONDS allows more.`,
  );
  child.kill("SIGTERM");
  setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
}, seconds * 1000);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));

child.on("exit", (code, signal) => {
  clearTimeout(deadline);
  rmSync(path.join(root, bundleFolder), { recursive: true, force: true });
  if (needsTurn) rmSync(lockFile, { force: true });
  process.exit(isLate ? EXIT_TIMED_OUT : (code ?? (signal === "SIGINT" ? 130 : 143)));
});
