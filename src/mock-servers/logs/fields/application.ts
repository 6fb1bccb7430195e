import type { LOG_CATEGORIES } from "../../../shared/core/log-types.ts";
import { httpStatus, type LogKinds, latencyMs } from "../context.ts";
import { CORE, DEPLOYED, EDGE } from "../services.ts";
import { int, publicIp, round, skewed } from "../values.ts";

type Types = (typeof LOG_CATEGORIES)["application"][number];

const ROUTES = [
  "/v1/accounts/{id}/balance",
  "/v1/payments",
  "/v1/transfers",
  "/v1/sessions",
  "/v1/users/me",
  "/v1/cards/{id}",
  "/v1/loans/quote",
  "/v1/statements",
];
const AGENTS = ["BankApp/7.2 (iOS)", "BankApp/7.1 (Android)", "Mozilla/5.0", "partner-client/1.4"];
const EXCEPTIONS = [
  "TimeoutException",
  "IllegalStateException",
  "PoolExhaustedError",
  "IOException",
];
const TOPICS = ["payments.settled", "accounts.changed", "fraud.alerts", "notifications.outbox"];

export const application: LogKinds<Types> = {
  web_server: {
    services: EDGE,
    fields: (c) => {
      const method = c.random.pick(["GET", "GET", "GET", "POST", "PUT"]);
      const path = c.random.pick(ROUTES);
      const status = httpStatus(c);
      return {
        message: `${method} ${path} ${status}`,
        method,
        path,
        status_code: status,
        client_ip: publicIp(c.random),
        user_agent: c.random.pick(AGENTS),
        bytes_sent: Math.round(skewed(c.random, 120, 60_000)),
        response_time_ms: latencyMs(c, 38),
      };
    },
  },
  application_framework: {
    services: CORE,
    fields: (c) => {
      const exception = c.isFailing ? c.random.pick(EXCEPTIONS) : null;
      const handler = c.random.pick(["PaymentController", "AccountService", "SessionFilter"]);
      return {
        message: exception === null ? `${handler} finished` : `${exception} in ${handler}`,
        framework: c.random.pick(["spring-boot", "express", "fastapi"]),
        handler,
        thread: `worker-${int(c.random, 1, 64)}`,
        exception,
        heap_used_mb: Math.round(c.random.between(300, 900) + 2_600 * c.stress),
        duration_ms: latencyMs(c, 21),
      };
    },
  },
  apm_trace: {
    services: DEPLOYED,
    fields: (c) => {
      const operation = c.random.pick([
        "charge",
        "authorize",
        "getBalance",
        "postLedger",
        "notify",
      ]);
      return {
        message: `span ${operation}`,
        operation,
        span_kind: c.random.pick(["server", "client", "internal"]),
        duration_ms: latencyMs(c, 46),
        status: c.isFailing ? "ERROR" : "OK",
        db_calls: int(c.random, 0, 9),
        external_calls: int(c.random, 0, 3),
      };
    },
  },
  message_queue: {
    services: CORE,
    fields: (c) => {
      const topic = c.random.pick(TOPICS);
      return {
        message: c.isFailing ? `${topic}: delivery failed` : `${topic}: delivered`,
        broker: "kafka",
        topic,
        partition: int(c.random, 0, 11),
        offset: int(c.random, 1_000_000, 90_000_000),
        consumer_group: `${c.service}-workers`,
        consumer_lag: Math.round(skewed(c.random, 0, 400) + 80_000 * c.stress ** 2),
        operation: c.random.pick(["produce", "consume"]),
        success: !c.isFailing,
      };
    },
  },
  service_mesh: {
    services: DEPLOYED,
    fields: (c) => {
      const upstream = c.random.pick(DEPLOYED);
      return {
        message: `${c.service} -> ${upstream}`,
        source_workload: c.service,
        destination_workload: upstream,
        response_flags: c.isFailing ? c.random.pick(["UH", "UF", "URX", "UO"]) : "-",
        circuit_breaker: c.isFailing && c.stress > 0.6 ? "open" : "closed",
        mtls: true,
        retries: c.isFailing ? int(c.random, 1, 3) : 0,
        status_code: httpStatus(c),
        duration_ms: latencyMs(c, 17),
      };
    },
  },
  api_gateway: {
    services: ["api-gateway", "payment-service", "account-service"],
    fields: (c) => {
      const method = c.random.pick(["GET", "GET", "POST"]);
      const path = c.random.pick(ROUTES);
      const status = httpStatus(c);
      return {
        message: `${method} ${path} ${status}`,
        method,
        path,
        status_code: status,
        api_key_id: `key_${int(c.random, 1, 40)}`,
        client_ip: publicIp(c.random),
        rate_limit_remaining: Math.round(1_000 * (1 - c.stress) * c.random.next()),
        upstream_latency_ms: latencyMs(c, 31),
        gateway_latency_ms: round(c.random.between(0.3, 2.4), 2),
      };
    },
  },
};
