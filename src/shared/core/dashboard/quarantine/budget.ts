/** What one look at the quarantine may cost. */
export type QuarantineBudget = {
  readonly maxListCalls: number;
  readonly maxObjects: number;
  /** Of objects, as they are stored. */
  readonly maxBytes: number;
  readonly maxMs: number;
};

/** Why a look ended: everything was seen, enough was found, or a bound of the budget was met. */
export type QuarantineStop = "end" | "limit" | "calls" | "objects" | "bytes" | "time";

/** What was spent so far. `stop` is the bound that was met; nothing more may be asked then. */
export type Spending = {
  listCalls: number;
  objects: number;
  bytes: number;
  stop(): Exclude<QuarantineStop, "end" | "limit"> | undefined;
  elapsedMs(): number;
};

export const startSpending = (budget: QuarantineBudget, now: () => number): Spending => {
  const startedAt = now();
  const spending: Spending = {
    listCalls: 0,
    objects: 0,
    bytes: 0,
    stop: () => {
      if (spending.listCalls >= budget.maxListCalls) return "calls";
      if (spending.objects >= budget.maxObjects) return "objects";
      if (spending.bytes >= budget.maxBytes) return "bytes";
      return now() - startedAt >= budget.maxMs ? "time" : undefined;
    },
    elapsedMs: () => now() - startedAt,
  };
  return spending;
};
