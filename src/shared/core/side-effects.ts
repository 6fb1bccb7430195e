import type { AcceptedCopies } from "./accepted-copies.ts";

export type FolderCounts = { readonly files: number; readonly bytes: number };

/** The local log files of LOG_DIR. */
export type LogFilesStats = {
  readonly folder: string;
  readonly maxBytes: number;
  readonly files: number;
  readonly bytes: number;
  /** By category; those without files are left out. */
  readonly categories: Readonly<Record<string, FolderCounts>>;
  readonly queuedBytes: number;
  readonly writtenLogs: number;
  /** Accepted, and in no file: the disk was too slow, or refused. */
  readonly droppedLogs: number;
  readonly deletedFiles: number;
  /** Why the last write failed; undefined once one succeeds. */
  readonly failure: string | undefined;
};

/** What is forwarded to CONSOLIDATION_URL. */
export type ForwarderStats = {
  readonly url: string;
  readonly queuedLogs: number;
  readonly queuedBytes: number;
  readonly forwardedLogs: number;
  /** Accepted, and not forwarded: no room in the queue, or refused. */
  readonly droppedLogs: number;
  /** Why the last attempt failed; undefined once one succeeds. */
  readonly failure: string | undefined;
};

/** What happens to accepted items beside the streams; each part undefined where it is not set. */
export type SideEffects = {
  readonly copies: AcceptedCopies;
  readonly logFiles: { stats(): LogFilesStats } | undefined;
  readonly consolidation: { stats(): ForwarderStats } | undefined;
};
