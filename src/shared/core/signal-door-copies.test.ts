import { expect, test } from "vitest";
import { createAcceptedCopies } from "./accepted-copies.ts";
import { createIdempotency } from "./idempotency.ts";
import { silentLogger } from "./logger.ts";
import type { KeyedBatch, PutRecordsEngine, SubmitResult } from "./put-records-engine.ts";
import type { OutgoingLog } from "./record-packer.ts";
import { createSignalDoor } from "./signal-door.ts";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A door whose streams refuse some logs, and what side effects see of the others. */
const setUp = () => {
  const refused = new Set<string>();
  const engine = {
    submit: async (logs: readonly OutgoingLog[], batch?: KeyedBatch): Promise<SubmitResult> => {
      if (refused.has("all")) throw new Error("broken");
      const failures = logs.flatMap(({ bytes }, position) =>
        refused.has(textOf(bytes)) && (batch?.open?.has(position) ?? true)
          ? [{ position, code: "REFUSED", reason: "planned" }]
          : [],
      );
      return { ok: true, failures };
    },
    mark: () => ({ startedAt: 0, after: {} }),
  } as unknown as PutRecordsEngine;
  const idempotency = createIdempotency(
    { now: () => 0, mark: engine.mark, log: silentLogger },
    { windowMs: 60_000, maxKeys: 2, packBytes: 1_000 },
  );
  const seen: string[] = [];
  const copies = createAcceptedCopies([{ take: ({ bytes }) => void seen.push(textOf(bytes)) }], {
    defer: (task) => task(),
    maxHeldBytes: 100,
    onSkipped: () => {},
  });
  const intake = { name: "s", engine, idempotency };
  const door = createSignalDoor({ logs: intake, metrics: intake }, copies);
  const send = async (texts: readonly string[], key?: string) => {
    const items = texts.map((text, index) => ({
      index,
      signal: "logs" as const,
      service: "s",
      bytes: new TextEncoder().encode(text),
    }));
    const submission = await door.submit(items, "logs", key ? { key, digest: "d" } : undefined);
    if (submission.ok) await submission.outcome;
  };
  return { refused, seen, send };
};

test("side effects see what was accepted, and nothing that was refused", async () => {
  const { refused, seen, send } = setUp();
  refused.add("b");
  await send(["a", "b", "c"]);
  expect(seen).toEqual(["a", "c"]);
});

test("a batch that comes again under its key is seen once, whatever the tries", async () => {
  const { refused, seen, send } = setUp();
  refused.add("b");
  await send(["a", "b"], "k");
  refused.clear();
  await send(["a", "b"], "k");
  await send(["a", "b"], "k");
  expect(seen).toEqual(["a", "b"]);
});

test("an unexpected failure lets go of what was held", async () => {
  const { refused, seen, send } = setUp();
  const large = "x".repeat(60);
  refused.add("all");
  await expect(send([large])).rejects.toThrow("broken");
  refused.clear();
  await send([large]);
  expect(seen).toEqual([large]);
});
