import { categoryOf } from "../../shared/core/log-types.ts";
import { createRing } from "../ring.ts";
import type { UpstreamLog } from "./log.ts";

/** The last logs that were made, and counts of all of them. */
export const createRecentLogs = (capacity = 1_000) => {
  const ring = createRing<UpstreamLog>(capacity);
  const byType = new Map<string, number>();
  let anomalies = 0;
  return {
    capacity,
    add: (logs: readonly UpstreamLog[]): void => {
      for (const log of logs) {
        ring.push(log);
        byType.set(log.log_type, (byType.get(log.log_type) ?? 0) + 1);
        if (log.data.is_anomaly) anomalies += 1;
      }
    },
    newest: ring.newest,
    total: (): number => ring.total,
    stats: () => {
      const byCategory: Record<string, number> = {};
      for (const [type, count] of byType) {
        const category = categoryOf(type);
        byCategory[category] = (byCategory[category] ?? 0) + count;
      }
      return {
        total_logs: ring.total,
        anomalies,
        by_category: byCategory,
        by_type: Object.fromEntries(byType),
      };
    },
  };
};

export type RecentLogs = ReturnType<typeof createRecentLogs>;
