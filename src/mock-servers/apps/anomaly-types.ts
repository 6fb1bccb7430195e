import type { LogType } from "../../shared/core/log-types.ts";
import { type PatternType, patternTypeOf } from "../patterns/patterns.ts";

type AnomalyKind = { patternType: PatternType; logTypes: readonly LogType[] };

const KINDS: Readonly<Record<string, AnomalyKind>> = {
  latency_spike: {
    patternType: "gaussian_spike",
    logTypes: ["api_gateway", "service_mesh", "apm_trace", "database_query"],
  },
  error_burst: {
    patternType: "burst",
    logTypes: ["web_server", "api_gateway", "application_framework"],
  },
  traffic_surge: {
    patternType: "double_spike",
    logTypes: ["load_balancer", "web_server", "api_gateway", "cdn"],
  },
  cpu_spike: {
    patternType: "gaussian_spike",
    logTypes: ["server_metrics", "process", "container"],
  },
  memory_leak: {
    patternType: "exponential_growth",
    logTypes: ["server_metrics", "process", "container"],
  },
  database_slowdown: {
    patternType: "plateau",
    logTypes: ["database_query", "database_connection", "database_transaction"],
  },
  network_outage: {
    patternType: "step_function",
    logTypes: ["service_mesh", "dns", "load_balancer", "firewall"],
  },
  fraud_wave: { patternType: "sawtooth", logTypes: ["fraud_detection", "payment", "risk_scoring"] },
  brute_force: { patternType: "plateau", logTypes: ["authentication", "session", "firewall"] },
};

/**
 * Where an anomaly of this name shows and how it runs: one of the kinds above, or a pattern, which
 * shows everywhere. Any other name shows everywhere too, as one spike: clients make up their own.
 */
export const anomalyKindOf = (name: string): AnomalyKind => {
  const plain = name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  if (Object.hasOwn(KINDS, plain)) return KINDS[plain] as AnomalyKind;
  return { patternType: patternTypeOf(plain) ?? "gaussian_spike", logTypes: [] };
};
