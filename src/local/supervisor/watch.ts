import { watch } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Logger } from "../../shared/core/logger.ts";
import type { SupervisedPart } from "./supervise.ts";

const DEBOUNCE_MS = 200;

/** Rebuilds on every change under `src/` and restarts the parts, but not the local AWS. */
export const watchSources = (parts: readonly SupervisedPart[], log: Logger): void => {
  const root = path.dirname(import.meta.dirname);
  const buildScript = pathToFileURL(path.join(root, "scripts/build.mjs")).href;
  const rebuild = async (): Promise<void> => {
    try {
      const { build } = (await import(buildScript)) as { build(): Promise<void> };
      await build();
    } catch {
      log.warn({}, "The build failed (see above); the parts run on as they were.");
      return;
    }
    const changed = parts.filter(({ name }) => name !== "local-aws");
    await Promise.all(changed.map((part) => part.restart()));
    log.info({}, "Sources changed: parts restarted.");
  };
  let pending: NodeJS.Timeout | undefined;
  let current = Promise.resolve();
  watch(path.join(root, "src"), { recursive: true }, () => {
    clearTimeout(pending);
    pending = setTimeout(() => {
      current = current.then(rebuild);
    }, DEBOUNCE_MS);
  });
  log.info({}, "Watching src/ for changes.");
};
