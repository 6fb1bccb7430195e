import { isGzipKey } from "../../shared/core/dashboard/logs/unpack.ts";
import type { Source } from "./viewer.ts";

export type RangeState = {
  objects: number;
  bytes: number;
  /** Where the oldest loaded hour begins. */
  oldestHour: string | undefined;
  /** Older objects are there and were not loaded. */
  hasOlder: boolean;
  /** Objects that could not be loaded, with the reason of the first. */
  failed: number;
  reason: string;
};

export type RangeLoader = {
  /** The next older objects, as many as the budget of one step allows. */
  older(): Promise<void>;
  /** Objects that came since. */
  newer(): Promise<void>;
};

type Listed = { key: string; size: number; hour: string | null };
type Listing = { objects: Listed[]; next_cursor: string | null };

/** One step: so many objects, so many stored bytes. */
const MAX_OBJECTS = 200;
const MAX_BYTES = 24 * 1024 * 1024;
/** A packed object counts as so many times its size. */
const PACKED_RATIO = 8;
const LANES = 4;
const PAGE = 200;

const HOUR_MS = 3_600_000;

/** Loads the objects of a partition range, newest hour first, step by step. */
export const createRangeLoader = (deps: {
  bucket: string;
  prefix: string;
  fromMs: number | undefined;
  toMs: number | undefined;
  sources: Source[];
  load: (source: Source, index: number) => Promise<void>;
  tell: (state: RangeState) => void;
}): RangeLoader => {
  const { bucket, prefix, fromMs, toMs, sources, load, tell } = deps;
  const known = new Set<string>();
  let waiting: Listed[] = [];
  let cursor: string | null = "";
  let newestHour: string | undefined;
  const state: RangeState = {
    objects: 0,
    bytes: 0,
    oldestHour: undefined,
    hasOlder: false,
    failed: 0,
    reason: "",
  };

  const list = async (from: number | undefined, at: string): Promise<Listing> => {
    const query = new URLSearchParams({ prefix, limit: String(PAGE), cursor: at });
    if (from !== undefined) query.set("from", new Date(from).toISOString());
    if (toMs !== undefined) query.set("to", new Date(toMs).toISOString());
    const answer = await fetch(`/api/s3/bucket/${encodeURIComponent(bucket)}/range?${query}`);
    if (!answer.ok) {
      const { detail } = (await answer.json().catch(() => ({}))) as { detail?: string };
      throw new Error(detail ?? `The dashboard answered ${answer.status}.`);
    }
    return (await answer.json()) as Listing;
  };

  const loadAll = async (objects: readonly Listed[]): Promise<void> => {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < objects.length) {
        const object = objects[next] as Listed;
        next += 1;
        known.add(object.key);
        sources.push({ key: object.key, size: object.size });
        try {
          await load({ key: object.key, size: object.size }, sources.length - 1);
          state.objects += 1;
          state.bytes += object.size;
        } catch (error) {
          state.failed += 1;
          state.reason ||= error instanceof Error ? error.message : String(error);
        }
        tell({ ...state });
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  };

  return {
    older: async () => {
      const step: Listed[] = [];
      let bytes = 0;
      while (step.length < MAX_OBJECTS && bytes < MAX_BYTES) {
        if (waiting.length === 0) {
          if (cursor === null) break;
          const page: Listing = await list(fromMs, cursor);
          waiting = page.objects.filter(({ key }) => !known.has(key));
          cursor = page.next_cursor;
          if (waiting.length === 0 && cursor === null) break;
          continue;
        }
        const object = waiting.shift() as Listed;
        step.push(object);
        bytes += object.size * (isGzipKey(object.key) ? PACKED_RATIO : 1);
      }
      newestHour ??= step[0]?.hour ?? undefined;
      await loadAll(step);
      state.oldestHour = step.at(-1)?.hour ?? state.oldestHour;
      state.hasOlder = waiting.length > 0 || cursor !== null;
      tell({ ...state });
    },

    newer: async () => {
      // Late logs land in the hour before, too.
      const from = newestHour === undefined ? fromMs : Date.parse(newestHour) - HOUR_MS;
      const { objects } = await list(from, "");
      const fresh = objects.filter(
        ({ key }) => !known.has(key) && !waiting.some((held) => held.key === key),
      );
      newestHour = objects[0]?.hour ?? newestHour;
      await loadAll(fresh.slice(0, MAX_OBJECTS));
    },
  };
};
