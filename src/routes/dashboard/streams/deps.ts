import type { HistorySource } from "../../../shared/core/dashboard/history/history.ts";
import type { StreamsPorts } from "../../../shared/core/dashboard/streams/streams-ports.ts";
import type { AreaDeps } from "../area.ts";

export type StreamsDeps = AreaDeps & {
  /** Undefined where records cannot be read, as with a test's ports only. */
  streams?: StreamsPorts | undefined;
  /** Undefined where nobody keeps one. */
  history?: HistorySource | undefined;
  /** Where a first log may be sent, for empty pages. */
  ingestUrl?: string | undefined;
};
