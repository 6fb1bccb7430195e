import * as z from "zod";

/**
 * Where a search goes on. Hours are searched newest first, the objects of an hour in groups, in the
 * order of their keys; the hits of a group are told newest first.
 */
export type SearchCursor = {
  /** Fingerprint of the question: a cursor of another one is refused. */
  of: string;
  /** Hours since the epoch. */
  hour: number;
  /** Objects up to this key are done with. */
  afterKey: string;
  /** A group that was told in part: its last key, and the last hit that was told. */
  group?: { lastKey: string; timeMs: number; key: string; line: number } | undefined;
};

const schema = z.strictObject({
  of: z.string().max(16),
  hour: z.int(),
  afterKey: z.string().max(1_100),
  group: z
    .strictObject({
      lastKey: z.string().max(1_100),
      timeMs: z.number(),
      key: z.string().max(1_100),
      line: z.int().min(1),
    })
    .optional(),
});

/** FNV-1a, to tell questions apart. It protects nothing: a cursor only says where reading goes on. */
export const fingerprintOf = (parts: readonly unknown[]): string => {
  const text = JSON.stringify(parts);
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(36);
};

/** Opaque to clients, safe in an address. */
export const encodeSearchCursor = (cursor: SearchCursor): string => {
  const bytes = new TextEncoder().encode(JSON.stringify(cursor));
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

/** Undefined for a text that `encodeSearchCursor` did not make. */
export const decodeSearchCursor = (text: string): SearchCursor | undefined => {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return schema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
};
