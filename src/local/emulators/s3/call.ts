import type { IncomingMessage } from "node:http";
import { S3Error } from "./errors.ts";
import type { Reply } from "./reply.ts";
import type { Store } from "./store.ts";
import type { Target } from "./target.ts";

/** One request, taken apart. */
export type Call = Target & {
  readonly request: IncomingMessage;
  readonly headers: IncomingMessage["headers"];
  readonly store: Store;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Of one PutObject or one part. */
  readonly maxObjectBytes: number;
};

export type Operation = (call: Call) => Reply | Promise<Reply>;

/** Largest XML or JSON body taken: 1,000 keys of 1,024 bytes, every one of them escaped. */
export const MAX_DOCUMENT_BYTES = 8 * 1_048_576;

/** A whole number of the query, `fallback` where it is absent. Throws InvalidArgument. */
export const countOf = (query: URLSearchParams, name: string, fallback: number): number => {
  const text = query.get(name);
  if (text === null || text === "") return fallback;
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value <= 2_147_483_647) return value;
  throw new S3Error(
    400,
    "InvalidArgument",
    `Provided ${name} not an integer or within integer range`,
    { details: { ArgumentName: name, ArgumentValue: text } },
  );
};

export const OWNER_ID = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a";
export const OWNER_XML = `<Owner><ID>${OWNER_ID}</ID><DisplayName>local</DisplayName></Owner>`;
