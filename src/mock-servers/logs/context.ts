import type { LogType } from "../../shared/core/log-types.ts";
import type { Random } from "../../shared/core/random.ts";
import { round } from "./values.ts";

/** Who does what in a trace; ids that the state manager knows. */
export type Actors = { userId: string; accountId: string; sessionId: string };

/** What a maker of fields may use. */
export type LogContext = {
  random: Random;
  service: string;
  actors: Actors;
  /** 0 quiet to 1 worst: the anomaly score, as a share. */
  stress: number;
  /** Whether this one event went wrong. */
  isFailing: boolean;
};

/** One of the 59: which services write it, and the fields that only it has. */
export type LogKind = {
  services: readonly string[];
  /** Must hold `message`, one line for people. */
  fields(context: LogContext): { message: string; [field: string]: unknown };
};

export type LogKinds<Types extends LogType> = Readonly<Record<Types, LogKind>>;

/** Milliseconds around the usual, up to twenty times that under stress. */
export const latencyMs = ({ random, stress }: LogContext, usual: number): number =>
  round(usual * (0.4 + 1.4 * random.next() ** 2) * (1 + 19 * stress ** 2), 2);

/** A load in percent that climbs from `idle` towards 100 under stress. */
export const loadPercent = ({ random, stress }: LogContext, idle: number): number =>
  round(Math.min(100, idle * random.between(0.6, 1.4) + (100 - idle) * stress), 2);

export const httpStatus = ({ random, isFailing }: LogContext): number =>
  isFailing
    ? random.pick([500, 502, 503, 504, 429])
    : random.pick([200, 200, 200, 200, 200, 200, 201, 204, 304, 400, 404]);
