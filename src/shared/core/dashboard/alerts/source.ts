import type { Alert, Measurements } from "./alert.ts";
import { updateAlerts } from "./alert.ts";
import type { Rule } from "./rules.ts";

export type AlertReport = {
  alerts: readonly Alert[];
  /** Whether somebody looks all the time, so that `since` and `pending` mean something. */
  isWatched: boolean;
  /** How long a figure must be over its threshold, milliseconds. */
  forMs: number;
  /** Whether changes are sent anywhere, and how many could not be yet. */
  delivery: { isOn: boolean; untold: number };
};

export type AlertSource = {
  read(): Promise<AlertReport>;
  /** How many fire, as last looked; null where nobody looks between requests. */
  firing(): number | null;
};

/** Nothing is watched. */
export const noAlerts: AlertSource = {
  read: async () => ({
    alerts: [],
    isWatched: false,
    forMs: 0,
    delivery: { isOn: false, untold: 0 },
  }),
  firing: () => null,
};

/** Where nobody watches between requests, as on Lambda: what the figures say this moment. */
export const createMomentaryAlerts = (
  rules: readonly Rule[],
  measure: () => Promise<Measurements>,
  now: () => number,
): AlertSource => ({
  read: async () => ({
    alerts: updateAlerts(rules, [], await measure(), { now: now(), forMs: 0 }).alerts,
    isWatched: false,
    forMs: 0,
    delivery: { isOn: false, untold: 0 },
  }),
  firing: () => null,
});
