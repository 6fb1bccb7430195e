import type { Attempt } from "./record-lookup.ts";

/** Which part of which batch with an `Idempotency-Key` a record is. It always travels alone. */
export type BatchTag = {
  readonly key: string;
  /** Position of the record among those the batch is packed into. */
  readonly ordinal: number;
};

/** A record, or a part of one, that waits on the disk for Kinesis. */
export type SpoolEntry = {
  readonly partitionKey: string;
  readonly service: string;
  readonly data: Uint8Array;
  /** How many logs the data holds. */
  readonly logs: number;
  /** Set where it was sent as exactly these bytes, and whether it was stored is not known. */
  readonly attempt?: Attempt | undefined;
  readonly tag?: BatchTag | undefined;
};

export type SpooledEntry = SpoolEntry & {
  /** Ascending in the order of spooling. */
  readonly id: number;
  /** Epoch milliseconds. */
  readonly spooledAt: number;
};

/** A drain's call that was begun and, as far as the disk knows, has not ended. */
export type OpenAttempt = {
  readonly attemptId: number;
  readonly attempt: Attempt;
  /** Ids of the entries of each record. */
  readonly records: readonly (readonly number[])[];
};

export type SpoolDepth = {
  readonly entries: number;
  readonly logs: number;
  /** On the disk, what is done but not freed yet included. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Epoch milliseconds at which the oldest entry was spooled. */
  readonly oldestAt: number | undefined;
  /** Why nothing can be spooled now, other than that it is full. */
  readonly failure: string | undefined;
};

/** `FULL` passes as the spool drains; `FAILED` is the disk. */
export class SpoolError extends Error {
  override readonly name = "SpoolError";
  readonly code: "FULL" | "FAILED";
  constructor(code: "FULL" | "FAILED", message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** A bounded queue on a disk that outlives its process. Entries of one partition key keep their order. */
export type Spool = {
  /** All or none of the entries; resolves once they are on the disk. Rejects with a SpoolError. */
  append(entries: readonly SpoolEntry[]): Promise<void>;
  /** Whether anything of this partition key waits here, or is on its way in. */
  holds(partitionKey: string): boolean;
  /** The next entries in order, at least one where there is one; each is handed out once. */
  read(maxBytes: number): Promise<SpooledEntry[]>;
  /** To be called before records are sent: resolves when the disk knows of it. */
  begin(attempt: Attempt, records: readonly (readonly SpooledEntry[])[]): Promise<number>;
  /** The outcome is known: these are stored, everything else of the call is not. */
  end(attemptId: number, stored: readonly SpooledEntry[]): Promise<void>;
  /** Stored, as a look at the stream showed. */
  done(entries: readonly SpooledEntry[]): Promise<void>;
  /** What an earlier process began and did not end; all its entries come with the first reads. */
  openAttempts(): readonly OpenAttempt[];
  depth(): SpoolDepth;
  /** Called after every append. */
  onAppend(listener: () => void): void;
};
