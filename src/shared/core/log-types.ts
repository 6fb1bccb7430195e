/** The 13 categories of logs and the 59 log types in them, as the upstream services name them. */
export const LOG_CATEGORIES = {
  infrastructure: [
    "server_metrics",
    "process",
    "filesystem",
    "container",
    "kubernetes",
    "load_balancer",
    "firewall",
    "dns",
    "cdn",
  ],
  application: [
    "web_server",
    "application_framework",
    "apm_trace",
    "message_queue",
    "service_mesh",
    "api_gateway",
  ],
  database: [
    "database_query",
    "database_connection",
    "database_transaction",
    "database_replication",
    "database_backup",
    "redis_cache",
    "mongodb",
    "elasticsearch",
  ],
  security: [
    "authentication",
    "authorization",
    "session",
    "encryption",
    "data_access",
    "intrusion_detection",
    "security_incident",
  ],
  transaction: ["payment", "transfer", "withdrawal", "loan", "forex"],
  fraud: ["fraud_detection", "aml_screening", "risk_scoring"],
  analytics: [
    "user_activity",
    "clickstream",
    "session_analytics",
    "feature_usage",
    "ab_test",
    "conversion",
  ],
  compliance: ["regulatory_compliance", "audit_trail", "data_retention"],
  integration: ["third_party_api", "webhook", "integration_error"],
  monitoring: ["metrics", "distributed_tracing", "health_check"],
  business_intelligence: ["etl_pipeline", "report_generation"],
  specialized: ["blockchain", "iot_device"],
  log_management: ["log_aggregation", "log_storage"],
} as const;

export type LogCategory = keyof typeof LOG_CATEGORIES;
export type LogType = (typeof LOG_CATEGORIES)[LogCategory][number];

const CATEGORIES_BY_TYPE: ReadonlyMap<string, LogCategory> = new Map(
  (Object.keys(LOG_CATEGORIES) as LogCategory[]).flatMap((category) =>
    LOG_CATEGORIES[category].map((logType) => [logType, category] as const),
  ),
);

/** The 59 log types, in the order of their categories. */
export const LOG_TYPES: readonly LogType[] = [...CATEGORIES_BY_TYPE.keys()] as LogType[];

const SUFFIX = "_log";

/** A known type under its own name also where it was sent with `_log` behind it; any other as it is. */
export const baseLogType = (logType: string): string => {
  if (!logType.endsWith(SUFFIX)) return logType;
  const base = logType.slice(0, -SUFFIX.length);
  return CATEGORIES_BY_TYPE.has(base) ? base : logType;
};

/** The category of a log type, with or without the `_log` suffix; an unknown one is `application`. */
export const categoryOf = (logType: string): LogCategory =>
  CATEGORIES_BY_TYPE.get(baseLogType(logType)) ?? "application";
