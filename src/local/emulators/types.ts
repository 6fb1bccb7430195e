import type { IncomingMessage, ServerResponse } from "node:http";

/** One emulated AWS service behind the shared endpoint. */
export type EmulatorService = {
  /** Answers the request; never throws, whatever the client sends or however it leaves. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Releases files and timers. What was acknowledged stays. */
  close(): Promise<void>;
};
