import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import type { AlertMemory, AlertStore } from "../shared/core/dashboard/alerts/watch.ts";

/** Alerts in one JSON file of `folder`, replaced whole. A file nobody can read counts as none. */
export const createAlertStore = (folder: string): AlertStore => {
  const file = path.join(folder, "alerts.json");
  return {
    load: async () => {
      try {
        const kept: unknown = JSON.parse(await readFile(file, "utf8"));
        const { alerts, untold } = kept as AlertMemory;
        return Array.isArray(alerts) && Array.isArray(untold) ? { alerts, untold } : undefined;
      } catch {
        return undefined;
      }
    },
    save: async (memory) => {
      await mkdir(folder, { recursive: true });
      await writeFile(`${file}.new`, JSON.stringify(memory));
      await rename(`${file}.new`, file);
    },
  };
};
