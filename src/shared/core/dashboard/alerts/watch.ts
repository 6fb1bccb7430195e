import { type Alert, type AlertChange, type Measurements, updateAlerts } from "./alert.ts";
import type { Rule } from "./rules.ts";

/** A change with a name of its own, so that a receiver that gets it twice can tell. */
export type Notice = AlertChange & { id: string };

/** What is kept over a restart. */
export type AlertMemory = { alerts: Alert[]; untold: Notice[] };

export type AlertStore = {
  /** Undefined where nothing was kept, or nothing that can be understood. */
  load(): Promise<AlertMemory | undefined>;
  save(memory: AlertMemory): Promise<void>;
};

export type AlertWatchDeps = {
  rules: readonly Rule[];
  /** How long a figure must be over its threshold. */
  forMs: number;
  measure(): Promise<Measurements>;
  /** Tells of one change; rejects where that should be tried again. Undefined: nobody is told. */
  notify: ((notice: Notice) => Promise<void>) | undefined;
  store: AlertStore;
  now: () => number;
};

export type AlertWatch = {
  /** One measurement: alerts move on, and what is not told yet is told. Rejects where that failed. */
  tick(): Promise<void>;
  alerts(): readonly Alert[];
  /** Changes that could not be told yet. */
  untold(): number;
};

/** More than these wait for a receiver that is away; older ones are dropped. */
const MAX_UNTOLD = 100;

/**
 * Watches the rules. Each change is told once: it is kept until the receiver has it, over restarts
 * too. Killed between the receiver's answer and the note of it, it is told again under its id.
 */
export const createAlertWatch = ({
  rules,
  forMs,
  measure,
  notify,
  store,
  now,
}: AlertWatchDeps): AlertWatch => {
  let memory: AlertMemory = { alerts: [], untold: [] };
  let loading: Promise<void> | undefined;

  const load = async () => {
    const kept = await store.load();
    if (kept !== undefined) memory = kept;
  };

  const tell = async () => {
    if (notify === undefined) {
      memory = { ...memory, untold: [] };
      return;
    }
    for (let notice = memory.untold[0]; notice !== undefined; notice = memory.untold[0]) {
      await notify(notice);
      memory = { ...memory, untold: memory.untold.slice(1) };
      await store.save(memory);
    }
  };

  return {
    tick: async () => {
      loading ??= load();
      await loading;
      const time = { now: now(), forMs };
      const { alerts, changes } = updateAlerts(rules, memory.alerts, await measure(), time);
      const notices = changes.map((change) => ({
        ...change,
        id: `${change.alert.rule.name}-${change.change}-${change.alert.since}`,
      }));
      memory = { alerts, untold: [...memory.untold, ...notices].slice(-MAX_UNTOLD) };
      if (notices.length > 0) await store.save(memory);
      await tell();
    },
    alerts: () => memory.alerts,
    untold: () => memory.untold.length,
  };
};
