import type { LateAppends } from "./late-appends.ts";
import type { Circuit } from "./put-records-circuit.ts";
import type { ConsignmentLane, Entry, Held } from "./put-records-held.ts";
import type { Lanes } from "./put-records-lanes.ts";
import { type Consignment, type Ledger, UNCONFIRMED } from "./put-records-ledger.ts";
import type { Attempt } from "./record-lookup.ts";
import type { Report } from "./repeat-limited-report.ts";
import { type Spool, type SpoolEntry, SpoolError } from "./spool.ts";

export type OverflowDeps = {
  spool: Spool;
  lanes: Lanes<Consignment>;
  ledger: Ledger;
  held: () => Held | undefined;
  late: LateAppends;
  circuit: Circuit;
  now: () => number;
  report: Report;
  /** Keeps an append in view until it has ended. */
  track: (append: Promise<void>) => void;
};

/** An entry of the spool and the parcels it is made of. */
type Unit = { readonly entry: SpoolEntry; readonly parcels: readonly Consignment[] };

const codeOf = (error: unknown): string =>
  error instanceof SpoolError && error.code === "FULL" ? "SPOOL_FULL" : "SPOOL_FAILED";

const unitOf = (parcel: Consignment): Unit => ({
  entry: {
    partitionKey: parcel.partitionKey,
    service: parcel.segment?.service ?? parcel.partitionKey,
    data: parcel.segment?.data ?? new Uint8Array(),
    logs: parcel.positions.length,
    attempt: parcel.attempt,
    tag: parcel.tag,
  },
  parcels: [parcel],
});

/** A record as it was sent: only these very bytes can be recognised in the stream. */
const unitOfSent = ({ lane, record, parcels }: Entry, attempt: Attempt): Unit => ({
  entry: {
    partitionKey: lane.partitionKey,
    service: parcels.find(({ segment }) => segment)?.segment?.service ?? lane.partitionKey,
    data: record.data,
    logs: parcels.reduce((sum, { positions }) => sum + positions.length, 0),
    attempt,
    tag: parcels[0]?.tag,
  },
  parcels,
});

/**
 * The way out of memory to the disk. A lane goes whole, so that nothing of a service overtakes what
 * came before it, and never while one of its calls is under way.
 */
export const createOverflow = (deps: OverflowDeps) => {
  const { spool, lanes, ledger, held, late, circuit, now, report, track } = deps;
  let isSpilling = false;

  const spooled = ({ entry: { tag }, parcels }: Unit): void => {
    const isLate = parcels.some(({ segment }) => segment === undefined);
    if (tag !== undefined && isLate) late.arrived(tag);
    for (const parcel of parcels) ledger.spooled(parcel);
  };

  const write = async (units: readonly Unit[]): Promise<void> => {
    for (const { parcels } of units) for (const parcel of parcels) ledger.markSpooling(parcel);
    try {
      await spool.append(units.map(({ entry }) => entry));
      for (const unit of units) spooled(unit);
    } catch (error) {
      const code = codeOf(error);
      const message = error instanceof Error ? error.message : String(error);
      if (code === "SPOOL_FULL")
        report("warn", { code, message }, "The spool is full: logs are refused until it drains.");
      for (const { entry, parcels } of units)
        for (const parcel of parcels)
          ledger.refuse(parcel, entry.attempt === undefined ? code : UNCONFIRMED, message);
    }
  };

  const append = (units: readonly Unit[]): Promise<void> => {
    const writing = write(units);
    late.begin(
      units.flatMap(({ entry: { tag } }) => tag ?? []),
      writing,
    );
    return writing;
  };

  const divert = (lane: ConsignmentLane): void => {
    const sent = held()?.of(lane);
    held()?.leave(lane);
    const units = [
      ...(sent === undefined ? [] : sent.entries.map((entry) => unitOfSent(entry, sent.attempt))),
      ...lanes.remove(lane).map(unitOf),
    ];
    if (units.length > 0) track(append(units));
  };

  const oldestSpoolAt = (lane: ConsignmentLane): number => {
    const [sent] = held()?.of(lane)?.entries ?? [];
    const oldest = sent?.parcels[0] ?? lane.waiting.find(({ segment }) => segment !== undefined);
    return oldest?.submission.spoolAt ?? Number.POSITIVE_INFINITY;
  };

  const divertIfDue = (lane: ConsignmentLane): void => {
    if (lane.isInFlight && !held()?.has(lane)) return;
    const isDown = isSpilling || circuit.isOpen();
    // While Kinesis answers, a full spool is no reason to give up before the deadline.
    const { bytes, maxBytes } = spool.depth();
    if (isDown || (oldestSpoolAt(lane) <= now() && bytes < maxBytes)) divert(lane);
  };

  return {
    divertIfDue,
    divertAllDue: (): void => {
      for (const lane of lanes.all()) divertIfDue(lane);
    },
    /** From now on whatever can go to the disk does. */
    spill: (): void => {
      isSpilling = true;
    },
    take: (parcels: readonly Consignment[]): void => {
      if (parcels.length > 0) track(append(parcels.map(unitOf)));
    },
  };
};
