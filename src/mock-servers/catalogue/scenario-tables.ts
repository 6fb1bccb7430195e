import type { LogType } from "../../shared/core/log-types.ts";
import type { PatternType } from "../patterns/patterns.ts";

export type Severity = "low" | "medium" | "high" | "critical";

/** What happens; together with where it happens it makes a scenario. */
export type Happening = {
  name: string;
  severity: Severity;
  pattern: PatternType;
  logTypes: readonly LogType[];
};

const happening = (
  name: string,
  severity: Severity,
  pattern: PatternType,
  ...logTypes: LogType[]
): Happening => ({ name, severity, pattern, logTypes });

export const TECHNICAL_FAULTS: readonly Happening[] = [
  happening("CPU saturation", "high", "gaussian_spike", "server_metrics", "process", "container"),
  happening("memory leak", "high", "exponential_growth", "server_metrics", "container", "process"),
  happening("disk filling up", "medium", "linear_ramp", "filesystem", "server_metrics"),
  happening("pod crash loop", "high", "sawtooth", "kubernetes", "container", "health_check"),
  happening(
    "network partition",
    "critical",
    "step_function",
    "service_mesh",
    "dns",
    "load_balancer",
  ),
  happening("slow queries", "medium", "gaussian_spike", "database_query", "database_transaction"),
  happening(
    "connection pool exhausted",
    "high",
    "plateau",
    "database_connection",
    "database_query",
  ),
  happening("deadlocks", "medium", "burst", "database_transaction", "application_framework"),
  happening("replication lag", "medium", "exponential_growth", "database_replication", "mongodb"),
  happening("cache stampede", "high", "double_spike", "redis_cache", "database_query"),
  happening("message backlog", "medium", "linear_ramp", "message_queue", "application_framework"),
  happening("timeouts between services", "high", "oscillation", "service_mesh", "apm_trace"),
  happening("bad deployment", "high", "step_function", "application_framework", "web_server"),
  happening("certificate expired", "critical", "step_function", "encryption", "api_gateway"),
  happening("search cluster degraded", "low", "random_walk", "elasticsearch", "log_storage"),
];

export const TECHNICAL_PLACES: readonly string[] = [
  "payment service",
  "account service",
  "identity service",
  "transfer service",
  "API gateway",
  "core banking",
];

export const BUSINESS_SITUATIONS: readonly Happening[] = [
  happening("salary day rush", "medium", "double_spike", "payment", "transfer", "api_gateway"),
  happening(
    "flash sale traffic",
    "medium",
    "gaussian_spike",
    "clickstream",
    "payment",
    "web_server",
  ),
  happening("payments declined more often", "high", "plateau", "payment", "third_party_api"),
  happening("settlement delayed", "high", "linear_ramp", "transfer", "etl_pipeline"),
  happening("customers leave the funnel", "low", "random_walk", "conversion", "session_analytics"),
  happening("exchange rates swing", "medium", "oscillation", "forex", "risk_scoring"),
  happening("loan applications surge", "low", "exponential_growth", "loan", "risk_scoring"),
  happening("cash withdrawals surge", "medium", "burst", "withdrawal", "iot_device"),
  happening("partner outage", "high", "step_function", "third_party_api", "integration_error"),
  happening("notifications not delivered", "medium", "plateau", "webhook", "integration_error"),
  happening("end-of-month reporting", "low", "double_spike", "report_generation", "etl_pipeline"),
  happening("rule change not met", "high", "linear_ramp", "regulatory_compliance", "audit_trail"),
  happening(
    "screening backlog",
    "medium",
    "exponential_growth",
    "aml_screening",
    "fraud_detection",
  ),
  happening("feature rollout goes wrong", "medium", "step_function", "feature_usage", "ab_test"),
  happening("duplicate charges", "critical", "burst", "payment", "database_transaction"),
];

export const BUSINESS_PLACES: readonly string[] = [
  "mobile banking",
  "internet banking",
  "card payments",
  "domestic transfers",
  "lending",
  "corporate banking",
];

export const SECURITY_ATTACKS: readonly Happening[] = [
  happening("brute force", "high", "gaussian_spike", "authentication", "session"),
  happening("credential stuffing", "critical", "plateau", "authentication", "api_gateway"),
  happening("account takeover", "critical", "double_spike", "session", "security_incident"),
  happening("privilege escalation", "critical", "step_function", "authorization", "audit_trail"),
  happening("data exfiltration", "critical", "exponential_growth", "data_access", "firewall"),
  happening("SQL injection", "high", "burst", "intrusion_detection", "database_query"),
  happening(
    "denial of service",
    "critical",
    "step_function",
    "firewall",
    "load_balancer",
    "web_server",
  ),
  happening("card testing", "high", "sawtooth", "fraud_detection", "payment"),
  happening("port scan", "medium", "linear_ramp", "intrusion_detection", "firewall"),
  happening("insider access", "high", "random_walk", "data_access", "audit_trail"),
];

export const SECURITY_TARGETS: readonly string[] = ["customer accounts", "staff accounts"];
