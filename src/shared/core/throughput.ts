export type Throughput = {
  add(amount: number): void;
  /** Amount per second over the window, or over the time since the start where that is shorter. */
  perSecond(): number;
};

/** A sliding rate in slots of one second. Constant memory; `now` is epoch milliseconds. */
export const createThroughput = (now: () => number, windowSeconds = 10): Throughput => {
  const startedAt = now();
  // One more than the window: the slot of the running second is only partly filled.
  const slots = new Float64Array(windowSeconds + 1);
  let current = Math.floor(startedAt / 1000);
  const advance = (): number => {
    const second = Math.floor(now() / 1000);
    const steps = Math.min(second - current, slots.length);
    for (let step = 0; step < steps; step += 1) slots[(current + 1 + step) % slots.length] = 0;
    current = Math.max(current, second);
    return current % slots.length;
  };
  return {
    add: (amount) => {
      const slot = advance();
      slots[slot] = (slots[slot] ?? 0) + amount;
    },
    perSecond: () => {
      advance();
      const total = slots.reduce((sum, amount) => sum + amount, 0);
      const partOfSecond = (now() % 1000) / 1000;
      const seconds = Math.min(windowSeconds + partOfSecond, (now() - startedAt) / 1000);
      return total / Math.max(seconds, 1);
    },
  };
};
