import type { DayCell, DayTally, HourTally, Walk } from "../partition-walk.ts";
import { mergeSketches } from "./size-sketch.ts";

const later = (a: Date | undefined, b: Date | undefined): Date | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

const mergeHours = (a: HourTally, b: HourTally): HourTally => ({
  objects: a.objects + b.objects,
  bytes: a.bytes + b.bytes,
  smallObjects: a.smallObjects + b.smallObjects,
  newest: later(a.newest, b.newest),
  sampleKey: a.sampleKey ?? b.sampleKey,
});

const mergeTallies = (a: DayTally | null, b: DayTally | null): DayTally | null => {
  if (a === null || b === null) return a ?? b;
  const hours = new Map(a.hours);
  for (const [hour, tally] of b.hours) {
    const known = hours.get(hour);
    hours.set(hour, known ? mergeHours(known, tally) : tally);
  }
  return {
    objects: a.objects + b.objects,
    bytes: a.bytes + b.bytes,
    newest: later(a.newest, b.newest),
    hours,
    // The later walk went on where the earlier one stood.
    isComplete: b.isComplete,
  };
};

/** A walk and the one that went on from its `next`, as if they had been one. */
export const mergeWalks = (earlier: Walk, later: Walk): Walk => {
  const cells = new Map(earlier.cells.map((cell) => [cell.prefix, cell]));
  for (const cell of later.cells) {
    const known: DayCell | undefined = cells.get(cell.prefix);
    cells.set(
      cell.prefix,
      known ? { ...known, tally: mergeTallies(known.tally, cell.tally) } : cell,
    );
  }
  return {
    cells: [...cells.values()].sort((a, b) =>
      a.date === b.date ? (a.service < b.service ? -1 : 1) : a.date < b.date ? 1 : -1,
    ),
    services: [...new Set([...earlier.services, ...later.services])],
    isStructureKnown: earlier.isStructureKnown || later.next === undefined,
    sizes: mergeSketches(earlier.sizes, later.sizes),
    unpartitioned: {
      objects: earlier.unpartitioned.objects + later.unpartitioned.objects,
      bytes: earlier.unpartitioned.bytes + later.unpartitioned.bytes,
      isComplete: earlier.unpartitioned.isComplete && later.unpartitioned.isComplete,
    },
    listCalls: earlier.listCalls + later.listCalls,
    elapsedMs: earlier.elapsedMs + later.elapsedMs,
    stoppedBy: later.stoppedBy,
    next: later.next,
  };
};
