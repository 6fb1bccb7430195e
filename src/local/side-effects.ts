import { randomUUID } from "node:crypto";
import { createAcceptedCopies } from "../shared/core/accepted-copies.ts";
import type { Config } from "../shared/core/config.ts";
import type { Logger } from "../shared/core/logger.ts";
import type { SideEffects } from "../shared/core/side-effects.ts";
import { createForwarder, type ForwarderDeps } from "./consolidation/forwarder.ts";
import { openLogFiles } from "./log-files/log-files.ts";

const post: ForwarderDeps["post"] = async (url, body, signal) => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal,
  });
  // Unread, an answer keeps its connection from being used again.
  await response.arrayBuffer();
  return { status: response.status };
};

/**
 * Opens what LOG_DIR and CONSOLIDATION_URL ask for; undefined where neither is set. Never throws
 * for a folder or an address that does not work: that is warned of and counted.
 */
export const openSideEffects = async (
  config: Config,
  log: Logger,
): Promise<(SideEffects & { close(): Promise<void> }) | undefined> => {
  const { LOG_DIR, CONSOLIDATION_URL } = config;
  const logFiles =
    LOG_DIR === undefined
      ? undefined
      : await openLogFiles(
          { log, now: Date.now },
          { folder: LOG_DIR, maxBytes: config.LOG_DIR_MAX_BYTES },
        );
  const consolidation =
    CONSOLIDATION_URL === undefined
      ? undefined
      : createForwarder(
          { post, newId: randomUUID, now: Date.now, log },
          { url: CONSOLIDATION_URL },
        );
  const sinks = [logFiles, consolidation].filter((sink) => sink !== undefined);
  if (sinks.length === 0) return undefined;
  const copies = createAcceptedCopies(sinks, {
    defer: (task) => void setImmediate(task),
    maxHeldBytes: config.MAX_QUEUE_BYTES,
    onSkipped: (count) => {
      for (const sink of sinks) sink.addDropped(count);
    },
  });
  return {
    copies,
    logFiles,
    consolidation,
    close: async () => {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
};
