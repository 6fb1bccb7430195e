import { spawn } from "node:child_process";
import type { Codec } from "../../shared/core/ports.ts";
import type { StoredEntry } from "../../shared/core/quarantine-entry.ts";
import type { Repaired } from "../../shared/core/replay.ts";

export type FixOptions = {
  timeoutMs: number;
  /** Of the repaired record. */
  maxBytes: number;
  env: NodeJS.ProcessEnv;
};

const MAX_ERROR_CHARACTERS = 200;

const failed = (detail: string): Repaired => ({ ok: false, detail });

const environmentOf = (entry: StoredEntry): Record<string, string> => ({
  QUARANTINE_REASON: entry.reason,
  QUARANTINE_STREAM: entry.stream,
  QUARANTINE_SHARD_ID: entry.shardId,
  QUARANTINE_SEQUENCE_NUMBER: entry.sequenceNumber,
  QUARANTINE_INDEX: String(entry.index),
});

/**
 * Repairs a record with a shell command that gets its raw bytes on stdin and prints what they should
 * have been. Never rejects: whatever goes wrong is the reason why the record stays where it is.
 */
export const createFixCommand =
  (command: string, codec: Codec, { timeoutMs, maxBytes, env }: FixOptions) =>
  (entry: StoredEntry): Promise<Repaired> =>
    new Promise((resolve) => {
      const child = spawn(command, {
        shell: true,
        env: { ...env, ...environmentOf(entry) },
        stdio: ["pipe", "pipe", "pipe"],
      });
      const chunks: Buffer[] = [];
      let bytes = 0;
      let errors = "";

      // What the command has started itself may hold the pipes open: nobody waits for them then.
      const give = (repaired: Repaired) => {
        clearTimeout(timer);
        child.kill("SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
        resolve(repaired);
      };
      const timer = setTimeout(
        () => give(failed(`The fix command took longer than ${timeoutMs / 1000} s.`)),
        timeoutMs,
      );

      child.stdout.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) give(failed(`The fix command printed more than ${maxBytes} bytes.`));
        else chunks.push(chunk);
      });
      child.stderr.on("data", (chunk: Buffer) => {
        if (errors.length < MAX_ERROR_CHARACTERS) errors += chunk.toString();
      });
      child.once("error", (error) => give(failed(`The fix command: ${error.message}`)));
      // A command may well print its answer without reading everything.
      child.stdin.on("error", () => undefined);
      child.stdin.end(codec.decodeBase64(entry.data).slice());
      child.once("close", (code, signal) => {
        if (code === 0) return give({ ok: true, data: Buffer.concat(chunks) });
        const end = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
        const said = errors.trim().slice(0, MAX_ERROR_CHARACTERS);
        give(failed(`The fix command ${end}${said === "" ? "." : `: ${said}`}`));
      });
    });
