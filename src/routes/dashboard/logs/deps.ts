import type { LogReader } from "../../../shared/core/dashboard/logs/log-reader.ts";
import type { AreaDeps } from "../area.ts";

/** What reading and searching logs needs besides what every area has. */
export type LogsPorts = {
  reader: LogReader;
  /** Answers go out as they are made; else each is made whole first, as on Lambda. */
  canStream: boolean;
  /** Bytes one answer may have; undefined where that is nobody's concern. */
  maxAnswerBytes?: number | undefined;
  /** An AWS endpoint other than AWS's own, for commands to copy. */
  endpointUrl?: string | undefined;
};

export type LogsDeps = AreaDeps & {
  /** Undefined where objects cannot be read by their bytes, as with a test's ports only. */
  logs?: LogsPorts | undefined;
  /** Where a first log may be sent, for empty pages. */
  ingestUrl?: string | undefined;
};
