import {
  LOG_CATEGORIES,
  LOG_TYPES,
  type LogCategory,
  type LogType,
} from "../../shared/core/log-types.ts";
import type { Random } from "../../shared/core/random.ts";

/** Share of each category in the traffic, percent; those not named share what is left. */
const SHARES: Readonly<Partial<Record<LogCategory, number>>> = {
  infrastructure: 40,
  application: 25,
  database: 15,
  security: 10,
  transaction: 5,
  fraud: 2,
  analytics: 1.5,
  compliance: 0.8,
  integration: 0.5,
  monitoring: 0.15,
};

const CATEGORIES = Object.keys(LOG_CATEGORIES) as LogCategory[];

const weigh = (): ReadonlyMap<LogType, number> => {
  const rest = CATEGORIES.filter((category) => SHARES[category] === undefined);
  const restTypes = rest.reduce((sum, category) => sum + LOG_CATEGORIES[category].length, 0);
  const left = 100 - Object.values(SHARES).reduce((sum, share) => sum + share, 0);
  return new Map(
    CATEGORIES.flatMap((category) => {
      const types: readonly LogType[] = LOG_CATEGORIES[category];
      const share = SHARES[category];
      const weight = share === undefined ? left / restTypes : share / types.length;
      return types.map((type) => [type, weight / 100] as const);
    }),
  );
};

/** Share of each log type in the traffic; together 1. */
export const TRAFFIC_WEIGHTS: ReadonlyMap<LogType, number> = weigh();

const shuffled = <T>(items: readonly T[], random: Random): T[] => {
  const list = [...items];
  for (let at = list.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random.next() * (at + 1));
    [list[at], list[other]] = [list[other] as T, list[at] as T];
  }
  return list;
};

/**
 * Deals log types: first each of them once, so that a short run has all, then by their weights.
 * `types` narrows the choice; the weights keep their proportions.
 */
export const createTypePicker = (
  random: Random,
  types: readonly LogType[] = LOG_TYPES,
): (() => LogType) => {
  const cumulative: number[] = [];
  let total = 0;
  for (const type of types) {
    total += TRAFFIC_WEIGHTS.get(type) ?? 0;
    cumulative.push(total);
  }
  const first = shuffled(types, random);
  const last = types.at(-1);
  if (last === undefined) throw new RangeError("There is no log type to pick from.");
  return () => {
    const dealt = first.pop();
    if (dealt !== undefined) return dealt;
    const at = random.next() * total;
    return types[cumulative.findIndex((limit) => at < limit)] ?? last;
  };
};
