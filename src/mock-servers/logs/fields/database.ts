import type { LOG_CATEGORIES } from "../../../shared/core/log-types.ts";
import { type LogKinds, latencyMs, loadPercent } from "../context.ts";
import { ANALYTICS, CORE, DEPLOYED, PLATFORM } from "../services.ts";
import { int, percent, round, skewed } from "../values.ts";

type Types = (typeof LOG_CATEGORIES)["database"][number];

const STATEMENTS = [
  { operation: "SELECT", table: "accounts", text: "SELECT balance FROM accounts WHERE id = $1" },
  {
    operation: "SELECT",
    table: "payments",
    text: "SELECT * FROM payments WHERE account_id = $1 ORDER BY created_at DESC LIMIT 50",
  },
  {
    operation: "UPDATE",
    table: "accounts",
    text: "UPDATE accounts SET balance = balance - $1 WHERE id = $2",
  },
  {
    operation: "INSERT",
    table: "ledger",
    text: "INSERT INTO ledger (account_id, amount, currency) VALUES ($1, $2, $3)",
  },
  { operation: "DELETE", table: "sessions", text: "DELETE FROM sessions WHERE expires_at < now()" },
] as const;
const DATABASES = ["banking", "payments", "identity"];

export const database: LogKinds<Types> = {
  database_query: {
    services: CORE,
    fields: (c) => {
      const { operation, table, text } = c.random.pick(STATEMENTS);
      const duration = latencyMs(c, 8);
      return {
        message: c.isFailing ? `${operation} on ${table} timed out` : `${operation} on ${table}`,
        engine: "postgresql",
        database: c.random.pick(DATABASES),
        operation,
        table,
        statement: text,
        duration_ms: duration,
        rows_affected: c.isFailing ? 0 : int(c.random, 0, 50),
        is_slow: duration > 100,
        error_code: c.isFailing ? c.random.pick(["57014", "40001", "40P01"]) : null,
      };
    },
  },
  database_connection: {
    services: CORE,
    fields: (c) => {
      const active = Math.round(loadPercent(c, 30));
      return {
        message: c.isFailing ? "no connection within the time-out" : "connection taken",
        engine: "postgresql",
        database: c.random.pick(DATABASES),
        pool_active: active,
        pool_max: 100,
        pool_waiting: c.isFailing ? int(c.random, 1, 180) : 0,
        wait_ms: latencyMs(c, 1.5),
        success: !c.isFailing,
      };
    },
  },
  database_transaction: {
    services: CORE,
    fields: (c) => {
      const status = c.isFailing ? c.random.pick(["rolled_back", "deadlock"]) : "committed";
      return {
        message: `transaction ${status}`,
        database: c.random.pick(DATABASES),
        transaction_id: int(c.random, 10_000_000, 99_999_999),
        isolation_level: c.random.pick(["read_committed", "serializable"]),
        status,
        statements: int(c.random, 1, 12),
        locks_held: int(c.random, 0, 30),
        duration_ms: latencyMs(c, 19),
      };
    },
  },
  database_replication: {
    services: PLATFORM,
    fields: (c) => {
      const lag = latencyMs(c, 120);
      return {
        message: `replica is ${lag} ms behind`,
        primary: "pg-primary-1",
        replica: `pg-replica-${int(c.random, 1, 3)}`,
        lag_ms: lag,
        lag_bytes: Math.round(lag * c.random.between(500, 4_000)),
        state: c.isFailing ? c.random.pick(["catchup", "disconnected"]) : "streaming",
      };
    },
  },
  database_backup: {
    services: PLATFORM,
    fields: (c) => ({
      message: c.isFailing ? "backup failed" : "backup written",
      database: c.random.pick(DATABASES),
      backup_type: c.random.pick(["full", "incremental", "wal"]),
      status: c.isFailing ? "failed" : "completed",
      size_bytes: int(c.random, 200, 90_000) * 1_048_576,
      duration_seconds: Math.round(skewed(c.random, 20, 5_400)),
      destination: "s3://bank-backups",
    }),
  },
  redis_cache: {
    services: DEPLOYED,
    fields: (c) => {
      const command = c.random.pick(["GET", "GET", "GET", "SET", "DEL", "INCR"]);
      return {
        message: `${command} ${c.isFailing ? "failed" : "ok"}`,
        command,
        key_pattern: c.random.pick(["session:*", "balance:*", "rate:*", "quote:*"]),
        hit: !c.isFailing && c.random.chance(0.92),
        hit_ratio: percent(93 - 55 * c.stress + c.random.between(-3, 3)),
        memory_used_percent: loadPercent(c, 48),
        evicted_keys: Math.round(2_000 * c.stress ** 2),
        latency_ms: latencyMs(c, 0.6),
      };
    },
  },
  mongodb: {
    services: ["user-service", "notification-service"],
    fields: (c) => {
      const collection = c.random.pick(["profiles", "devices", "messages", "preferences"]);
      return {
        message: `${collection} ${c.isFailing ? "query failed" : "query"}`,
        collection,
        operation: c.random.pick(["find", "insert", "update", "aggregate"]),
        docs_examined: Math.round(skewed(c.random, 1, 400) * (1 + 200 * c.stress ** 2)),
        docs_returned: int(c.random, 0, 40),
        index_used: !c.isFailing,
        duration_ms: latencyMs(c, 6),
      };
    },
  },
  elasticsearch: {
    services: ANALYTICS,
    fields: (c) => ({
      message: c.isFailing ? "shards failed" : "search done",
      index: c.random.pick(["transactions", "customers", "audit"]),
      operation: c.random.pick(["search", "index", "bulk"]),
      took_ms: Math.round(latencyMs(c, 28)),
      hits: int(c.random, 0, 10_000),
      shards_failed: c.isFailing ? int(c.random, 1, 5) : 0,
      cluster_status: c.stress > 0.8 ? "red" : c.stress > 0.5 ? "yellow" : "green",
      heap_percent: round(loadPercent(c, 45), 1),
    }),
  },
};
