import type { BodyForm } from "../shared/core/ingest-body.ts";
import { IDEMPOTENCY_KEY_MAX_LENGTH } from "../shared/core/limits.ts";
import type { Signal } from "../shared/core/signals.ts";
import type { Problem } from "./problem.ts";

const PRINTABLE = /^[\x20-\x7e]+$/;
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * The key in an `Idempotency-Key` header: a quoted string, as the IETF's draft has it, or the bare
 * key that most clients send. Undefined where it is neither.
 */
export const parseIdempotencyKey = (header: string): string | undefined => {
  const text = header.trim();
  const key = text.startsWith('"') ? QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, "$1") : text;
  return key !== undefined && key.length <= IDEMPOTENCY_KEY_MAX_LENGTH && PRINTABLE.test(key)
    ? key
    : undefined;
};

/** Tells bodies apart: by their bytes, once unpacked, by how they are read and what they are sent as. */
export const digestBody = async (
  body: Uint8Array<ArrayBuffer>,
  form: BodyForm | "otlp",
  signal: Signal,
): Promise<string> => {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return signal === "logs" ? `${form}:${hex}` : `${signal}:${form}:${hex}`;
};

type Refusal = { readonly status: 409 | 422 | 429; readonly problem: Problem };

/** Why a batch with a key is not taken now; the codes are those of the IETF's draft. */
export const keyRefusal = (kind: "mismatch" | "inProgress" | "tooMany"): Refusal => {
  switch (kind) {
    case "mismatch":
      return {
        status: 422,
        problem: {
          code: "IDEMPOTENCY_KEY_REUSED",
          detail: "This Idempotency-Key came with another body before. Take a new key.",
        },
      };
    case "inProgress":
      return {
        status: 409,
        problem: {
          code: "IDEMPOTENCY_KEY_IN_PROGRESS",
          detail: "A request with this Idempotency-Key is being worked on. Ask again in a second.",
        },
      };
    case "tooMany":
      return {
        status: 429,
        problem: {
          code: "TOO_MANY_KEYS",
          detail: "Too many batches with an Idempotency-Key at once. Try again in a second.",
        },
      };
  }
};
