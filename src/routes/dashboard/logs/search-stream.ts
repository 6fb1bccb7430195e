import type { SearchEvent } from "../../../shared/core/dashboard/logs/search.ts";
import { describeError } from "../errors.ts";
import { eventJson } from "./present.ts";

/** A first event as long as this gets past proxies that hold back small beginnings. */
const PADDING = `: ${" ".repeat(2_048)}\n\n`;

const encoder = new TextEncoder();

/**
 * A search as server-sent events. Where the reader goes away, `signal` is aborted and the search
 * reads no further.
 */
export const streamSearch = (
  search: (emit: (event: SearchEvent) => void, signal: AbortSignal) => Promise<boolean>,
): ReadableStream<Uint8Array> => {
  const stop = new AbortController();
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      const send = (name: string, data: object): void => {
        if (stop.signal.aborted) return;
        controller.enqueue(encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
      };
      controller.enqueue(encoder.encode(PADDING));
      const run = async (): Promise<void> => {
        try {
          const tell = (event: SearchEvent): void => send(event.type, eventJson(event));
          const isThere = await search(tell, stop.signal);
          if (!isThere)
            send("problem", { code: "UNKNOWN_BUCKET", detail: "There is no bucket of this name." });
        } catch (error) {
          if (!stop.signal.aborted) send("problem", describeError(error));
        }
        if (!stop.signal.aborted) controller.close();
      };
      // Not awaited: a stream is read while it is being filled.
      void run();
    },
    cancel: () => stop.abort(),
  });
};
