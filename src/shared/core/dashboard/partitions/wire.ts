import type { DayCell, Walk } from "../partition-walk.ts";
import type { Sampling } from "./sampling.ts";
import type { SizeSketch } from "./size-sketch.ts";

/** What a script needs to go on with a walk, as the API sends it. */
export type WalkWire = {
  partitions: {
    service: string;
    date: string;
    prefix: string;
    objects: number | null;
    size: number | null;
    newest_object: string | null;
    hours:
      | {
          hour: number;
          objects: number;
          size: number;
          small_objects: number;
          newest_object: string | null;
        }[]
      | null;
    is_complete: boolean;
  }[];
  service_prefixes: string[];
  sizes: {
    objects: number;
    bytes: number;
    smallest: number | null;
    largest: number;
    /** Size rounded to three digits, and how many objects have it. */
    counts: [size: number, count: number][];
  };
  unpartitioned: { objects: number; size: number; is_complete: boolean };
  samples: { service: string; hour: string; key: string; fields: Record<string, string> }[];
  sampling: { candidates: number; unreadable: number };
  coverage: {
    structure_known: boolean;
    list_calls: number;
    elapsed_ms: number;
    stopped_by: Walk["stoppedBy"];
  };
  cursor: string | null;
};

const iso = (time: Date | undefined): string | null => time?.toISOString() ?? null;
const toDate = (text: string | null): Date | undefined =>
  text === null ? undefined : new Date(text);

const partitionToWire = ({ service, date, prefix, tally }: DayCell): WalkWire["partitions"][0] => ({
  service,
  date,
  prefix,
  objects: tally?.objects ?? null,
  size: tally?.bytes ?? null,
  newest_object: iso(tally?.newest),
  hours: tally
    ? [...tally.hours]
        .sort(([a], [b]) => a - b)
        .map(([hour, { objects, bytes, smallObjects, newest }]) => ({
          hour,
          objects,
          size: bytes,
          small_objects: smallObjects,
          newest_object: iso(newest),
        }))
    : null,
  is_complete: tally?.isComplete ?? false,
});

/** `cursor` is the text of `walk.next`. */
export const walkToWire = (walk: Walk, sampling: Sampling, cursor: string | null): WalkWire => ({
  partitions: walk.cells.map(partitionToWire),
  service_prefixes: walk.services,
  sizes: {
    objects: walk.sizes.objects,
    bytes: walk.sizes.bytes,
    smallest: walk.sizes.objects === 0 ? null : walk.sizes.smallest,
    largest: walk.sizes.largest,
    counts: [...walk.sizes.counts],
  },
  unpartitioned: {
    objects: walk.unpartitioned.objects,
    size: walk.unpartitioned.bytes,
    is_complete: walk.unpartitioned.isComplete,
  },
  samples: sampling.samples.map(({ service, hour, key, fields }) => ({
    service,
    hour: new Date(hour).toISOString(),
    key,
    fields: Object.fromEntries(fields),
  })),
  sampling: { candidates: sampling.candidates, unreadable: sampling.unreadable },
  coverage: {
    structure_known: walk.isStructureKnown,
    list_calls: walk.listCalls,
    elapsed_ms: Math.round(walk.elapsedMs),
    stopped_by: walk.stoppedBy,
  },
  cursor,
});

const sizesFromWire = (sizes: WalkWire["sizes"]): SizeSketch => ({
  objects: sizes.objects,
  bytes: sizes.bytes,
  smallest: sizes.smallest ?? Number.POSITIVE_INFINITY,
  largest: sizes.largest,
  counts: new Map(sizes.counts),
});

/** The walk again. What `next` holds is the server's: here it says only that there is more. */
export const walkFromWire = (wire: WalkWire): Walk => ({
  cells: wire.partitions.map(({ service, date, prefix, objects, hours, ...rest }) => ({
    service,
    date,
    prefix,
    tally:
      objects === null
        ? null
        : {
            objects,
            bytes: rest.size ?? 0,
            newest: toDate(rest.newest_object),
            hours: new Map(
              (hours ?? []).map((each) => [
                each.hour,
                {
                  objects: each.objects,
                  bytes: each.size,
                  smallObjects: each.small_objects,
                  newest: toDate(each.newest_object),
                  sampleKey: undefined,
                },
              ]),
            ),
            isComplete: rest.is_complete,
          },
  })),
  services: wire.service_prefixes,
  isStructureKnown: wire.coverage.structure_known,
  sizes: sizesFromWire(wire.sizes),
  unpartitioned: {
    objects: wire.unpartitioned.objects,
    bytes: wire.unpartitioned.size,
    isComplete: wire.unpartitioned.is_complete,
  },
  listCalls: wire.coverage.list_calls,
  elapsedMs: wire.coverage.elapsed_ms,
  stoppedBy: wire.coverage.stopped_by,
  next: wire.cursor === null ? undefined : { others: "" },
});

export const samplingFromWire = ({ samples, sampling }: WalkWire): Sampling => ({
  ...sampling,
  samples: samples.map(({ service, hour, key, fields }) => ({
    service,
    key,
    hour: Date.parse(hour),
    fields: new Map(Object.entries(fields)),
  })),
});

export const mergeSamplings = (a: Sampling, b: Sampling): Sampling => ({
  samples: [...a.samples, ...b.samples],
  candidates: a.candidates + b.candidates,
  unreadable: a.unreadable + b.unreadable,
});
