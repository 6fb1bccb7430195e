import { S3_LIST_MAX_KEYS } from "../../limits.ts";
import { QUARANTINE_PREFIX } from "../../quarantine.ts";
import { parseQuarantineKey, reasonPrefix } from "../../quarantine-entry.ts";
import { mapBounded } from "../bounded.ts";
import type { ListPage, ObjectCatalog } from "../ports.ts";
import type { Spending } from "./budget.ts";

/** A quarantine object as it is listed. */
export type QuarantineObject = {
  readonly bucket: string;
  readonly reason: string;
  /** Arrival hour, `year=…/month=…/day=…/hour=…`. */
  readonly hour: string;
  readonly key: string;
  readonly size: number;
  readonly modifiedMs: number;
};

/** Objects of one arrival hour, those written last first. */
export type QuarantineHour = {
  readonly hour: string;
  readonly objects: readonly QuarantineObject[];
  /** False where there are more objects than are listed of one hour and reason. */
  readonly isWhole: boolean;
};

export type HoursRequest = {
  readonly buckets: readonly string[];
  readonly reason?: string | undefined;
  /** Hours to look at, both included. */
  readonly first?: string | undefined;
  readonly last?: string | undefined;
};

type Lane = {
  bucket: string;
  reason: string;
  hours: AsyncGenerator<string>;
  next: string | undefined;
};

const MAX_REASONS = 32;
const MAX_HOUR_PAGES = 5;
const FAN_OUT = 8;
const REASON = /^_quarantine\/reason=([a-z0-9_]{1,64})\/$/;
const LEVELS = [/year=\d{4}\/$/, /month=\d\d\/$/, /day=\d\d\/$/, /hour=\d\d\/$/] as const;

const EMPTY: ListPage = { objects: [], prefixes: [], nextToken: undefined };

/** Whether what lies below a part of an hour's path can be between the bounds. */
const isBetween = (path: string, { first, last }: HoursRequest): boolean =>
  (first === undefined || path >= first.slice(0, path.length)) &&
  (last === undefined || path <= last.slice(0, path.length));

export const byWriting = (a: QuarantineObject, b: QuarantineObject): number => {
  if (a.modifiedMs !== b.modifiedMs) return b.modifiedMs - a.modifiedMs;
  const [left, right] = [a.bucket + a.key, b.bucket + b.key];
  return left < right ? -1 : left > right ? 1 : 0;
};

/**
 * Hours that hold quarantine objects, the newest first, over all buckets and reasons. Lists folder
 * by folder, so that the newest hour costs the same in a quarantine of any size. Ends early, without
 * a word, where `spending` says stop. A bucket that does not exist holds nothing.
 */
export async function* quarantineHours(
  catalog: ObjectCatalog,
  request: HoursRequest,
  spending: Spending,
  signal: AbortSignal,
): AsyncGenerator<QuarantineHour> {
  let isCut = false;
  const list = async (bucket: string, prefix: string, token?: string, delimiter?: string) => {
    if (spending.stop() !== undefined) {
      isCut = true;
      return EMPTY;
    }
    spending.listCalls += 1;
    const maxKeys = S3_LIST_MAX_KEYS;
    return (await catalog.list({ bucket, prefix, delimiter, maxKeys, token }, signal)) ?? EMPTY;
  };

  async function* descend(
    bucket: string,
    base: string,
    path: string,
    level: number,
  ): AsyncGenerator<string> {
    const { prefixes } = await list(bucket, base + path, undefined, "/");
    const below = prefixes
      .filter((prefix) => LEVELS[level]?.test(prefix))
      .map((prefix) => prefix.slice(base.length))
      .filter((found) => isBetween(found.slice(0, -1), request))
      .sort()
      .reverse();
    for (const found of below)
      if (level === LEVELS.length - 1) yield found.slice(0, -1);
      else yield* descend(bucket, base, found, level + 1);
  }

  const lanesOf = async (bucket: string): Promise<Lane[]> => {
    const known = request.reason === undefined ? undefined : [request.reason];
    const { prefixes } = known ? EMPTY : await list(bucket, QUARANTINE_PREFIX, undefined, "/");
    const reasons = known ?? prefixes.flatMap((prefix) => REASON.exec(prefix)?.[1] ?? []);
    return reasons.slice(0, MAX_REASONS).map((reason) => ({
      bucket,
      reason,
      hours: descend(bucket, reasonPrefix(reason), "", 0),
      next: undefined,
    }));
  };

  const advance = async (lane: Lane): Promise<void> => {
    const step = await lane.hours.next();
    lane.next = step.done ? undefined : step.value;
  };

  const objectsOf = async ({ bucket, reason }: Lane, hour: string) => {
    const objects: QuarantineObject[] = [];
    const prefix = `${reasonPrefix(reason)}${hour}/`;
    let token: string | undefined;
    for (let page = 0; page < MAX_HOUR_PAGES; page += 1) {
      const listed = await list(bucket, prefix, token);
      for (const { key, size, lastModified } of listed.objects)
        if (parseQuarantineKey(key) !== undefined)
          objects.push({
            bucket,
            reason,
            hour,
            key,
            size,
            modifiedMs: lastModified?.getTime() ?? 0,
          });
      token = listed.nextToken;
      if (token === undefined) break;
    }
    return { objects, isWhole: token === undefined };
  };

  const lanes = (await mapBounded(request.buckets, FAN_OUT, lanesOf)).flat();
  await mapBounded(lanes, FAN_OUT, advance);
  for (;;) {
    const hour = lanes.reduce<string | undefined>(
      (newest, { next }) => (next !== undefined && next > (newest ?? "") ? next : newest),
      undefined,
    );
    if (hour === undefined || isCut) return;
    const here = lanes.filter(({ next }) => next === hour);
    const listed = await mapBounded(here, FAN_OUT, (lane) => objectsOf(lane, hour));
    // What a spent budget has not listed would be missing among these: they wait for another look.
    if (isCut) return;
    yield {
      hour,
      objects: listed.flatMap(({ objects }) => objects).sort(byWriting),
      isWhole: listed.every(({ isWhole }) => isWhole),
    };
    await mapBounded(here, FAN_OUT, advance);
  }
}
