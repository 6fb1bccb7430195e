import { createHmac, timingSafeEqual } from "node:crypto";

const SIGNATURE_BYTES = 16;

/** Opaque texts handed to clients: JSON with a keyed signature, so that no one can make one up. */
export const createTokens = (key: Buffer) => {
  const sign = (payload: Buffer): Buffer =>
    createHmac("sha256", key).update(payload).digest().subarray(0, SIGNATURE_BYTES);

  return {
    seal: (value: readonly (string | number)[]): string => {
      const payload = Buffer.from(JSON.stringify(value));
      return Buffer.concat([sign(payload), payload]).toString("base64");
    },
    /** The value, or undefined where the token was not made with this key. */
    open: (token: string): readonly unknown[] | undefined => {
      const bytes = Buffer.from(token, "base64");
      if (bytes.length <= SIGNATURE_BYTES || bytes.toString("base64") !== token) return undefined;
      const payload = bytes.subarray(SIGNATURE_BYTES);
      if (!timingSafeEqual(sign(payload), bytes.subarray(0, SIGNATURE_BYTES))) return undefined;
      return JSON.parse(payload.toString()) as readonly unknown[];
    },
  };
};

export type Tokens = ReturnType<typeof createTokens>;
