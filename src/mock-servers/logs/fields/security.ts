import type { LOG_CATEGORIES } from "../../../shared/core/log-types.ts";
import type { LogKinds } from "../context.ts";
import { CORE, IDENTITY, PLATFORM } from "../services.ts";
import { country, hex, int, privateIp, publicIp, round } from "../values.ts";

type Types = (typeof LOG_CATEGORIES)["security"][number];

const ATTACKS = [
  "port_scan",
  "sql_injection",
  "brute_force",
  "path_traversal",
  "command_injection",
];

export const security: LogKinds<Types> = {
  authentication: {
    services: IDENTITY,
    fields: (c) => ({
      message: c.isFailing ? "login refused" : "login",
      user_id: c.actors.userId,
      method: c.random.pick(["password", "otp", "biometric", "passkey"]),
      result: c.isFailing ? "failure" : "success",
      failure_reason: c.isFailing
        ? c.random.pick(["bad_credentials", "otp_expired", "account_locked"])
        : null,
      attempts: c.isFailing ? int(c.random, 1, 12) : 1,
      source_ip: publicIp(c.random),
      country: country(c.random),
      mfa: c.random.chance(0.7),
    }),
  },
  authorization: {
    services: IDENTITY,
    fields: (c) => {
      const resource = c.random.pick(["account:read", "payment:create", "report:export"]);
      return {
        message: `${c.isFailing ? "denied" : "granted"} ${resource}`,
        user_id: c.actors.userId,
        resource,
        decision: c.isFailing ? "deny" : "allow",
        policy: `pol-${int(c.random, 1, 60)}`,
        roles: [c.random.pick(["customer", "teller", "auditor", "operator"])],
      };
    },
  },
  session: {
    services: IDENTITY,
    fields: (c) => {
      const event = c.isFailing
        ? c.random.pick(["expired", "revoked"])
        : c.random.pick(["created", "refreshed", "refreshed", "ended"]);
      return {
        message: `session ${event}`,
        session_id: c.actors.sessionId,
        user_id: c.actors.userId,
        event,
        device: c.random.pick(["ios", "android", "web"]),
        ip_address: publicIp(c.random),
        age_seconds: int(c.random, 1, 3_600),
      };
    },
  },
  encryption: {
    services: CORE,
    fields: (c) => ({
      message: c.isFailing ? "decryption failed" : "key used",
      operation: c.random.pick(["encrypt", "decrypt", "sign", "rotate"]),
      algorithm: c.random.pick(["AES-256-GCM", "RSA-3072", "ECDSA-P256"]),
      key_id: `kms-${int(c.random, 1, 24)}`,
      key_age_days: int(c.random, 0, 365),
      success: !c.isFailing,
    }),
  },
  data_access: {
    services: CORE,
    fields: (c) => {
      const records = c.isFailing ? int(c.random, 5_000, 400_000) : int(c.random, 1, 50);
      return {
        message: `${records} records read`,
        user_id: c.actors.userId,
        data_class: c.random.pick(["public", "internal", "confidential", "pii"]),
        table: c.random.pick(["customers", "accounts", "cards", "payments"]),
        action: c.random.pick(["read", "read", "export", "update"]),
        records,
        purpose: c.random.pick(["support", "self_service", "audit"]),
      };
    },
  },
  intrusion_detection: {
    services: PLATFORM,
    fields: (c) => {
      const signature = c.random.pick(ATTACKS);
      return {
        message: `${signature} ${c.isFailing ? "detected" : "ruled out"}`,
        signature,
        signature_id: int(c.random, 2_000_000, 2_099_999),
        source_ip: publicIp(c.random),
        target_ip: privateIp(c.random),
        confidence: round(Math.min(1, c.random.between(0.05, 0.35) + 0.65 * c.stress), 3),
        action: c.isFailing ? "blocked" : "observed",
      };
    },
  },
  security_incident: {
    services: PLATFORM,
    fields: (c) => {
      const kind = c.random.pick(["account_takeover", "malware", "data_leak", "phishing"]);
      return {
        message: `incident ${kind}`,
        incident_id: `INC-${hex(c.random, 6).toUpperCase()}`,
        incident_type: kind,
        severity: c.stress > 0.8 ? "critical" : c.stress > 0.5 ? "high" : "low",
        status: c.random.pick(["open", "triaged", "contained", "resolved"]),
        affected_users: Math.round(900 * c.stress ** 2) + int(c.random, 0, 3),
        source_ip: publicIp(c.random),
      };
    },
  },
};
