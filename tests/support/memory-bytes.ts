import type { ObjectBytes } from "../../src/shared/core/dashboard/logs/object-bytes.ts";
import type { ObjectCatalog } from "../../src/shared/core/dashboard/ports.ts";

export type MemoryBytes = ObjectBytes & { opened: string[]; cancelled: string[] };

/** The bytes of a catalog in memory; it notes what was opened, and what was cancelled before its end. */
export const createMemoryBytes = (catalog: Pick<ObjectCatalog, "open">): MemoryBytes => {
  const opened: string[] = [];
  const cancelled: string[] = [];
  return {
    opened,
    cancelled,
    open: async ({ bucket, key, firstByte = 0, lastByte }, signal) => {
      signal.throwIfAborted();
      opened.push(key);
      const object = await catalog.open(bucket, key, Number.MAX_SAFE_INTEGER, signal);
      if ("missing" in object) return object;
      const bytes = new Uint8Array(await new Response(object.body).arrayBuffer());
      if (firstByte > 0 && firstByte >= bytes.byteLength) return { missing: "range" };
      const part = bytes.subarray(firstByte, lastByte === undefined ? undefined : lastByte + 1);
      let at = 0;
      const body = new ReadableStream<Uint8Array>(
        {
          pull: async (controller) => {
            // As a socket does: others get their turn between two chunks.
            await new Promise((resolve) => setTimeout(resolve));
            if (at >= part.byteLength) return controller.close();
            controller.enqueue(part.subarray(at, at + 65_536));
            at += 65_536;
          },
          cancel: () => {
            if (at < part.byteLength) cancelled.push(key);
          },
        },
        { highWaterMark: 0 },
      );
      return { ...object, etag: undefined, body };
    },
  };
};
