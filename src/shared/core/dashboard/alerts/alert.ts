import type { Rule, RuleName } from "./rules.ts";

/** What a rule measured: a figure with its explanation, or why there is none. */
export type Measurement = { value: number; detail?: string } | { value: null; reason: string };

/**
 * `pending`: the figure is over the threshold, not yet for long enough. `unknown`: there is no
 * figure, and it was not firing before.
 */
export type AlertState = "ok" | "pending" | "firing" | "unknown";

export type Alert = {
  rule: Rule;
  state: AlertState;
  /** Since when it is in this state, epoch milliseconds. */
  since: number;
  value: number | null;
  /** What the figure says, or why there is none. */
  detail: string | null;
};

export type Measurements = Readonly<Partial<Record<RuleName, Measurement>>>;

/** A change people are told of. */
export type AlertChange = { alert: Alert; change: "firing" | "resolved" };

const nextState = (
  before: Alert | undefined,
  isOver: boolean,
  { now, forMs }: { now: number; forMs: number },
): { state: AlertState; since: number } => {
  const keep = (state: AlertState) =>
    before?.state === state ? { state, since: before.since } : { state, since: now };
  if (!isOver) return keep("ok");
  if (before?.state === "firing") return keep("firing");
  const pendingSince = before?.state === "pending" ? before.since : now;
  return now - pendingSince >= forMs
    ? { state: "firing", since: now }
    : { state: "pending", since: pendingSince };
};

/** One rule's alert after a new measurement. Without a figure, what fires goes on firing. */
export const updateAlert = (
  rule: Rule,
  before: Alert | undefined,
  measured: Measurement,
  time: { now: number; forMs: number },
): Alert => {
  if (measured.value === null) {
    const state = before?.state === "firing" ? "firing" : "unknown";
    const since = before?.state === state ? before.since : time.now;
    return { rule, state, since, value: null, detail: measured.reason };
  }
  const { value, detail = null } = measured;
  return { rule, ...nextState(before, value > rule.threshold, time), value, detail };
};

/** All alerts after new measurements, and the changes to tell of: each once. */
export const updateAlerts = (
  rules: readonly Rule[],
  before: readonly Alert[],
  measurements: Measurements,
  time: { now: number; forMs: number },
): { alerts: Alert[]; changes: AlertChange[] } => {
  const changes: AlertChange[] = [];
  const alerts = rules.map((rule) => {
    const old = before.find((alert) => alert.rule.name === rule.name);
    const measured = measurements[rule.name] ?? {
      value: null,
      reason: "Nothing measures it here.",
    };
    const alert = updateAlert(rule, old, measured, time);
    if (alert.state === "firing" && old?.state !== "firing")
      changes.push({ alert, change: "firing" });
    if (alert.state !== "firing" && old?.state === "firing")
      changes.push({ alert, change: "resolved" });
    return alert;
  });
  return { alerts, changes };
};
