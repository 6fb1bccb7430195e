import type { StateStore } from "../../shared/core/ports.ts";
import type { StoredEntry } from "../../shared/core/quarantine-entry.ts";
import {
  parseReplayMarker,
  REPLAY_MARKER_PREFIX,
  type ReplayMarker,
  replayMarkerKey,
} from "../../shared/core/replay.ts";

export const readMarker = async (
  store: StateStore,
  entry: StoredEntry,
): Promise<ReplayMarker | undefined> => {
  const key = replayMarkerKey(entry);
  const stored = await store.read(key);
  return stored && parseReplayMarker(key, stored.text);
};

/** Answers for many records at the price of one listing and a read for each that has a marker. */
export const createMarkerLookup = async (
  store: StateStore,
  stream: string | undefined,
): Promise<(entry: StoredEntry) => Promise<ReplayMarker | undefined>> => {
  const prefix = stream === undefined ? REPLAY_MARKER_PREFIX : `${REPLAY_MARKER_PREFIX}${stream}/`;
  const keys = new Set((await store.list(prefix)).map(({ key }) => key));
  return async (entry) =>
    keys.has(replayMarkerKey(entry)) ? await readMarker(store, entry) : undefined;
};
