import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { platform } from "node:os";
import path from "node:path";

const INSTALL_DEADLINE_MS = 240_000;

/** Commands and bundles under which the systems people use keep a Chromium. */
const COMMANDS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const BUNDLES = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files\\Chromium\\Application\\chrome.exe",
];
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/homebrew/bin"];

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** CHROMIUM_PATH, else what the system has; undefined where there is none. */
export const findChromium = (): string | undefined => {
  const { CHROMIUM_PATH, PATH = "" } = process.env;
  if (CHROMIUM_PATH) {
    if (isExecutable(CHROMIUM_PATH)) return CHROMIUM_PATH;
    throw new Error(`CHROMIUM_PATH=${CHROMIUM_PATH} is no program that can be run.`);
  }
  const folders = new Set([...PATH.split(path.delimiter).filter(Boolean), ...FOLDERS]);
  const candidates = [...folders].flatMap((folder) =>
    COMMANDS.map((command) => path.join(folder, command)),
  );
  return [...candidates, ...BUNDLES].find(isExecutable);
};

const canInstall = (): boolean =>
  platform() === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

const apt = (args: readonly string[]): boolean =>
  spawnSync("/usr/bin/apt-get", args, {
    env: {
      ...process.env,
      DEBIAN_FRONTEND: "noninteractive",
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    },
    stdio: "ignore",
    timeout: INSTALL_DEADLINE_MS,
  }).status === 0;

/** The Chromium there is, or Debian's, installed where this user may; undefined where neither. */
export const provideChromium = (): string | undefined => {
  const found = findChromium();
  if (found !== undefined || !canInstall()) return found;
  console.info("No Chromium here: installing Debian's for the browser tests …");
  const install = ["install", "-y", "--no-install-recommends", "chromium"];
  if (!apt(install)) {
    apt(["update"]);
    apt(install);
  }
  return findChromium();
};
