import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { TailViewer } from "../../../shared/core/dashboard/streams/tail-viewer.ts";

/** How long a browser waits before it comes back, milliseconds. */
const RETRY_MS = 2_000;
/** Some proxies hold back the first 2 KB of an answer. */
const PADDING = `:${" ".repeat(2_048)}\n\n`;

/** Sends a viewer's messages as they come, until either side ends. */
export const sendTail = (c: Context, viewer: TailViewer): Response => {
  const response = streamSSE(c, async (stream) => {
    stream.onAbort(viewer.close);
    await stream.write(PADDING);
    let retry: number | undefined = RETRY_MS;
    while (!stream.aborted) {
      const message = await viewer.next();
      if (message === undefined) break;
      await stream.writeSSE({ ...message, ...(retry === undefined ? {} : { retry }) });
      retry = undefined;
    }
    viewer.close();
  });
  // Illegal on HTTP/2; on HTTP/1.1 the server adds what is needed.
  response.headers.delete("Transfer-Encoding");
  response.headers.delete("Connection");
  response.headers.set("Cache-Control", "no-store, no-transform");
  return response;
};
