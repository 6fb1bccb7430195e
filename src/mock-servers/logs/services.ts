/** The services of the bank that is simulated, by what they do. */
export const EDGE = ["api-gateway", "web-frontend"];
export const CORE = ["payment-service", "account-service", "user-service", "core-banking"];
export const IDENTITY = ["auth-service", "user-service"];
export const MONEY = ["payment-service", "transfer-service", "core-banking"];
export const LENDING = ["loan-service"];
export const FOREX = ["forex-service"];
export const FRAUD = ["fraud-service"];
export const COMPLIANCE = ["compliance-service"];
export const ANALYTICS = ["analytics-service", "web-frontend"];
export const INTEGRATION = ["integration-hub", "notification-service"];
export const PLATFORM = ["platform-ops"];
export const REPORTING = ["reporting-service"];

/** What runs on servers and in containers, so what infrastructure logs are about. */
export const DEPLOYED = [
  "api-gateway",
  "auth-service",
  "payment-service",
  "account-service",
  "user-service",
  "transfer-service",
  "core-banking",
  "fraud-service",
];

export const ALL_SERVICES: readonly string[] = [
  ...new Set([
    ...EDGE,
    ...CORE,
    ...IDENTITY,
    ...MONEY,
    ...LENDING,
    ...FOREX,
    ...FRAUD,
    ...COMPLIANCE,
    ...ANALYTICS,
    ...INTEGRATION,
    ...PLATFORM,
    ...REPORTING,
    ...DEPLOYED,
  ]),
];
