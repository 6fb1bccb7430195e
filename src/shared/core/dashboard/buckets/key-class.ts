import { STATE_PREFIX } from "../../consumer-state.ts";
import { QUARANTINE_PREFIX } from "../../quarantine.ts";

export type KeyClass = "data" | "quarantine" | "state";

/** What a key or prefix is for: quarantine and state are told apart from data everywhere. */
export const classOf = (key: string): KeyClass =>
  key.startsWith(QUARANTINE_PREFIX)
    ? "quarantine"
    : key.startsWith(STATE_PREFIX)
      ? "state"
      : "data";
