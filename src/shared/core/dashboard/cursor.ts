import * as z from "zod";

/** Where a listing goes on: after a key, or at the store's own token where folders are rolled up. */
export type Cursor = { after: string } | { token: string };

const cursorSchema = z.union([
  z.strictObject({ after: z.string().min(1) }),
  z.strictObject({ token: z.string().min(1) }),
]);

/** Opaque to clients, safe in a URL. */
export const encodeCursor = (cursor: Cursor): string => {
  const bytes = new TextEncoder().encode(JSON.stringify(cursor));
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

/** Undefined for a text that `encodeCursor` did not make. */
export const decodeCursor = (text: string): Cursor | undefined => {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return cursorSchema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
};
