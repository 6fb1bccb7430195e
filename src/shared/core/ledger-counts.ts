import * as z from "zod";
import { encodePartitionValue, OTHER_SERVICES } from "./partition.ts";

/** Two counts of one service that only grow. */
export type Counts = readonly [number, number];

/** By service, as its partition value names it; what is past the bound is under `__other__`. */
export type CountsByService = Readonly<Record<string, Counts>>;

/**
 * Services counted apart in one account or shard. Totals stay exact past it; only which of the
 * others a log belonged to is forgotten.
 */
export const LEDGER_MAX_SERVICES = 1_000;

export const countsByServiceSchema = z
  .record(z.string(), z.tuple([z.number().int(), z.number().int()]).readonly())
  .readonly();

const NONE: Counts = [0, 0];

const add = (a: Counts, b: Counts): Counts => [a[0] + b[0], a[1] + b[1]];

/** The name under which the consumer will store a service's logs, and the ledger counts them. */
export const ledgerName = (service: string, allowed: ReadonlySet<string> | undefined): string =>
  allowed === undefined || allowed.has(service) ? encodePartitionValue(service) : OTHER_SERVICES;

/** Counts by service that grow in place, with at most `maxServices` names besides `__other__`. */
export const createTally = (counts: CountsByService, maxServices = LEDGER_MAX_SERVICES) => {
  // A map, since a service may be called `constructor`.
  const sums = new Map(Object.entries(counts));
  return {
    /** The name it is counted under, and its counts now. */
    add: (service: string, count: Counts): readonly [name: string, counts: Counts] => {
      const named = sums.size - (sums.has(OTHER_SERVICES) ? 1 : 0);
      const isNew = service !== OTHER_SERVICES && !sums.has(service);
      const name = isNew && named >= maxServices ? OTHER_SERVICES : service;
      const sum = add(sums.get(name) ?? NONE, count);
      sums.set(name, sum);
      return [name, sum];
    },
    read: (): CountsByService => Object.fromEntries(sums),
  };
};

/** Counts added up, with at most `maxServices` names besides `__other__`. */
export const addCounts = (
  counts: CountsByService,
  more: Iterable<readonly [service: string, counts: Counts]>,
  maxServices = LEDGER_MAX_SERVICES,
): CountsByService => {
  const tally = createTally(counts, maxServices);
  for (const [service, count] of more) tally.add(service, count);
  return tally.read();
};

export const totalOf = (counts: CountsByService): Counts => Object.values(counts).reduce(add, NONE);

/** Whether a service may have been counted under `__other__` for want of room. */
export const mayHaveOverflowed = (
  counts: CountsByService,
  maxServices = LEDGER_MAX_SERVICES,
): boolean => {
  const names = Object.keys(counts);
  return (
    names.includes(OTHER_SERVICES) &&
    names.filter((name) => name !== OTHER_SERVICES).length >= maxServices
  );
};

/** Stored and quarantined lines of one batch. */
export const batchCounts = (
  stored: Iterable<readonly [service: string, lines: number]>,
  quarantined: Iterable<readonly [service: string, lines: number]>,
): CountsByService => {
  const sums = new Map<string, Counts>();
  const note = (service: string, counts: Counts): void => {
    sums.set(service, add(sums.get(service) ?? NONE, counts));
  };
  for (const [service, lines] of stored) note(service, [lines, 0]);
  for (const [service, lines] of quarantined) note(service, [0, lines]);
  return Object.fromEntries(sums);
};
