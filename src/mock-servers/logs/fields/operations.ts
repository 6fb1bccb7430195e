import type { LOG_CATEGORIES } from "../../../shared/core/log-types.ts";
import { httpStatus, type LogKinds, latencyMs } from "../context.ts";
import { ANALYTICS, DEPLOYED, INTEGRATION, PLATFORM, REPORTING } from "../services.ts";
import { country, hex, int, percent, round, skewed } from "../values.ts";

type Categories =
  | "analytics"
  | "integration"
  | "monitoring"
  | "business_intelligence"
  | "specialized"
  | "log_management";
type Types = (typeof LOG_CATEGORIES)[Categories][number];

const PAGES = ["/home", "/transfer", "/cards", "/loans", "/settings", "/statements"];
const FEATURES = ["quick_transfer", "bill_split", "budget", "virtual_card", "fx_alert"];
const PARTNERS = ["napas", "visa", "credit-bureau", "sms-gateway", "e-kyc"];

export const operations: LogKinds<Types> = {
  user_activity: {
    services: ANALYTICS,
    fields: (c) => {
      const activity = c.random.pick(["view_balance", "open_app", "pay_bill", "change_limit"]);
      return {
        message: activity,
        user_id: c.actors.userId,
        session_id: c.actors.sessionId,
        activity,
        device: c.random.pick(["ios", "android", "web"]),
        country: country(c.random),
        success: !c.isFailing,
      };
    },
  },
  clickstream: {
    services: ANALYTICS,
    fields: (c) => {
      const page = c.random.pick(PAGES);
      return {
        message: `click on ${page}`,
        session_id: c.actors.sessionId,
        page,
        referrer: c.random.pick(PAGES),
        element: c.random.pick(["button.pay", "a.details", "nav.menu", "input.amount"]),
        time_on_page_ms: Math.round(skewed(c.random, 300, 90_000)),
      };
    },
  },
  session_analytics: {
    services: ANALYTICS,
    fields: (c) => ({
      message: "session summary",
      session_id: c.actors.sessionId,
      user_id: c.actors.userId,
      duration_seconds: Math.round(skewed(c.random, 5, 2_400)),
      pages_viewed: int(c.random, 1, 24),
      bounced: c.isFailing || c.random.chance(0.2),
      device: c.random.pick(["ios", "android", "web"]),
    }),
  },
  feature_usage: {
    services: ANALYTICS,
    fields: (c) => {
      const feature = c.random.pick(FEATURES);
      return {
        message: `${feature} used`,
        user_id: c.actors.userId,
        feature,
        version: `7.${int(c.random, 0, 4)}.0`,
        uses_today: int(c.random, 1, 14),
        errors: c.isFailing ? int(c.random, 1, 3) : 0,
      };
    },
  },
  ab_test: {
    services: ANALYTICS,
    fields: (c) => {
      const variant = c.random.pick(["control", "treatment"]);
      return {
        message: `exposed to ${variant}`,
        experiment: c.random.pick(["new-home", "one-tap-pay", "loan-banner"]),
        variant,
        user_id: c.actors.userId,
        converted: !c.isFailing && c.random.chance(variant === "control" ? 0.08 : 0.11),
      };
    },
  },
  conversion: {
    services: ANALYTICS,
    fields: (c) => ({
      message: c.isFailing ? "funnel left" : "funnel step",
      user_id: c.actors.userId,
      funnel: c.random.pick(["open_account", "first_payment", "loan_application"]),
      step: int(c.random, 1, 5),
      completed: !c.isFailing && c.random.chance(0.3),
      value_usd: round(skewed(c.random, 0, 120), 2),
    }),
  },
  third_party_api: {
    services: INTEGRATION,
    fields: (c) => {
      const partner = c.random.pick(PARTNERS);
      const status = httpStatus(c);
      return {
        message: `${partner} answered ${status}`,
        partner,
        endpoint: c.random.pick(["/verify", "/authorize", "/send", "/score"]),
        status_code: status,
        duration_ms: latencyMs(c, 210),
        retries: c.isFailing ? int(c.random, 1, 4) : 0,
        timed_out: c.isFailing && c.random.chance(0.5),
      };
    },
  },
  webhook: {
    services: INTEGRATION,
    fields: (c) => ({
      message: c.isFailing ? "webhook not delivered" : "webhook delivered",
      webhook_id: `wh_${hex(c.random, 10)}`,
      event: c.random.pick(["payment.settled", "account.opened", "card.blocked"]),
      target: `https://partner-${int(c.random, 1, 30)}.example/hooks`,
      status_code: c.isFailing ? c.random.pick([408, 500, 503]) : 200,
      attempt: c.isFailing ? int(c.random, 2, 6) : 1,
      duration_ms: latencyMs(c, 140),
    }),
  },
  integration_error: {
    services: INTEGRATION,
    fields: (c) => {
      const partner = c.random.pick(PARTNERS);
      const code = c.random.pick(["SCHEMA_MISMATCH", "TIMEOUT", "AUTH_EXPIRED", "RATE_LIMITED"]);
      return {
        message: `${partner}: ${code}`,
        partner,
        error_code: code,
        payload_bytes: Math.round(skewed(c.random, 80, 40_000)),
        will_retry: c.random.chance(0.8),
        consecutive_failures: Math.round(1 + 40 * c.stress ** 2),
      };
    },
  },
  metrics: {
    services: DEPLOYED,
    fields: (c) => {
      const name = c.random.pick(["http_requests_total", "jvm_heap_bytes", "queue_depth"]);
      return {
        message: name,
        metric_name: name,
        metric_type: c.random.pick(["counter", "gauge", "histogram"]),
        value: round(skewed(c.random, 1, 10_000) * (1 + 5 * c.stress), 3),
        unit: c.random.pick(["1", "By", "ms"]),
        scrape_duration_ms: latencyMs(c, 12),
      };
    },
  },
  distributed_tracing: {
    services: DEPLOYED,
    fields: (c) => ({
      message: `trace through ${c.service}`,
      operation: c.random.pick(["POST /v1/payments", "GET /v1/accounts", "charge", "settle"]),
      duration_ms: latencyMs(c, 88),
      services_involved: int(c.random, 2, 6),
      sampled: true,
      status: c.isFailing ? "ERROR" : "OK",
    }),
  },
  health_check: {
    services: DEPLOYED,
    fields: (c) => ({
      message: c.isFailing ? "unhealthy" : "healthy",
      check: c.random.pick(["liveness", "readiness", "dependency"]),
      status: c.isFailing ? "unhealthy" : "healthy",
      response_time_ms: latencyMs(c, 4),
      consecutive_failures: c.isFailing ? int(c.random, 1, 8) : 0,
      uptime_seconds: int(c.random, 60, 8_000_000),
    }),
  },
  etl_pipeline: {
    services: REPORTING,
    fields: (c) => {
      const read = int(c.random, 1_000, 900_000);
      return {
        message: c.isFailing ? "job failed" : "job done",
        job: c.random.pick(["ledger_daily", "customer_360", "fraud_features"]),
        stage: c.random.pick(["extract", "transform", "load"]),
        rows_read: read,
        rows_written: c.isFailing ? Math.floor(read * c.random.next()) : read,
        duration_seconds: round(skewed(c.random, 4, 1_800), 1),
        status: c.isFailing ? "failed" : "succeeded",
      };
    },
  },
  report_generation: {
    services: REPORTING,
    fields: (c) => {
      const report = c.random.pick(["daily_liquidity", "branch_sales", "npl_ratio"]);
      return {
        message: `${report} ${c.isFailing ? "failed" : "ready"}`,
        report,
        format: c.random.pick(["pdf", "xlsx", "csv"]),
        pages: int(c.random, 1, 180),
        requested_by: c.actors.userId,
        duration_ms: latencyMs(c, 2_400),
        status: c.isFailing ? "failed" : "ready",
      };
    },
  },
  blockchain: {
    services: ["core-banking"],
    fields: (c) => ({
      message: c.isFailing ? "transaction reverted" : "block confirmed",
      network: "interbank-settlement",
      transaction_hash: `0x${hex(c.random, 64)}`,
      block_number: int(c.random, 18_000_000, 19_000_000),
      confirmations: c.isFailing ? 0 : int(c.random, 1, 24),
      gas_used: int(c.random, 21_000, 480_000),
      status: c.isFailing ? "reverted" : "confirmed",
    }),
  },
  iot_device: {
    services: PLATFORM,
    fields: (c) => ({
      message: c.isFailing ? "device does not answer" : "device report",
      device_id: `ATM-${int(c.random, 1_000, 1_400)}`,
      device_type: c.random.pick(["atm", "pos_terminal", "branch_sensor"]),
      temperature_celsius: round(c.random.between(18, 34) + 30 * c.stress, 1),
      signal_dbm: -int(c.random, 40, 95),
      battery_percent: percent(c.random.between(20, 100)),
      firmware: `3.${int(c.random, 0, 9)}.${int(c.random, 0, 20)}`,
      status: c.isFailing ? "offline" : "online",
    }),
  },
  log_aggregation: {
    services: PLATFORM,
    fields: (c) => ({
      message: c.isFailing ? "collector is behind" : "logs collected",
      collector: `collector-${int(c.random, 1, 4)}`,
      events_per_second: Math.round(c.random.between(200, 4_000)),
      buffer_percent: percent(c.random.between(1, 20) + 80 * c.stress),
      dropped_events: c.isFailing ? int(c.random, 1, 900) : 0,
      sources: int(c.random, 4, 60),
    }),
  },
  log_storage: {
    services: PLATFORM,
    fields: (c) => ({
      message: c.isFailing ? "segment not written" : "segment written",
      store: c.random.pick(["hot", "warm", "cold"]),
      segment_bytes: int(c.random, 1, 512) * 1_048_576,
      compression_ratio: round(c.random.between(3, 11), 2),
      retention_days: c.random.pick([7, 30, 365]),
      status: c.isFailing ? "failed" : "written",
    }),
  },
};
