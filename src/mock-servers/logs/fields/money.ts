import type { LOG_CATEGORIES } from "../../../shared/core/log-types.ts";
import { type LogKinds, latencyMs } from "../context.ts";
import { COMPLIANCE, FOREX, FRAUD, LENDING, MONEY } from "../services.ts";
import { country, FOREX_RATES, hex, int, money, round, skewed } from "../values.ts";

type Types = (typeof LOG_CATEGORIES)["transaction" | "fraud" | "compliance"][number];

const MERCHANTS = ["Phở 24", "Highlands Coffee", "VinMart", "Grab", "Shopee", "EVN Hà Nội"];
const BANKS = ["VCBVVNVX", "BIDVVNVX", "TCBVVNVX", "DBSSSGSG", "DEUTDEFF"];
const PAIRS = Object.keys(FOREX_RATES);

export const transactions: LogKinds<Types> = {
  payment: {
    services: ["payment-service"],
    fields: (c) => {
      const { amount, currency } = money(c.random, 800);
      const status = c.isFailing ? c.random.pick(["declined", "failed", "timeout"]) : "completed";
      return {
        message: `payment ${status}: ${amount} ${currency}`,
        payment_id: `pay_${hex(c.random, 12)}`,
        user_id: c.actors.userId,
        account_id: c.actors.accountId,
        amount,
        currency,
        method: c.random.pick(["card", "wallet", "bank_transfer", "qr"]),
        merchant: c.random.pick(MERCHANTS),
        status,
        decline_code: c.isFailing ? c.random.pick(["51", "05", "91", "61"]) : null,
        processing_time_ms: latencyMs(c, 160),
      };
    },
  },
  transfer: {
    services: ["transfer-service"],
    fields: (c) => {
      const { amount, currency } = money(c.random, 20_000);
      const status = c.isFailing ? c.random.pick(["failed", "held"]) : "settled";
      return {
        message: `transfer ${status}: ${amount} ${currency}`,
        transfer_id: `trf_${hex(c.random, 12)}`,
        from_account_id: c.actors.accountId,
        to_bank: c.random.pick(BANKS),
        amount,
        currency,
        channel: c.random.pick(["napas", "swift", "internal"]),
        fee: round(amount * 0.0008, 2),
        status,
        processing_time_ms: latencyMs(c, 420),
      };
    },
  },
  withdrawal: {
    services: MONEY,
    fields: (c) => {
      const amount = int(c.random, 1, 60) * 100_000;
      const status = c.isFailing ? c.random.pick(["refused", "cash_jam"]) : "dispensed";
      return {
        message: `withdrawal ${status}: ${amount} VND`,
        withdrawal_id: `wdr_${hex(c.random, 12)}`,
        account_id: c.actors.accountId,
        amount,
        currency: "VND",
        atm_id: `ATM-${int(c.random, 1_000, 1_400)}`,
        balance_after: round(skewed(c.random, 0, 90_000_000), 0),
        status,
      };
    },
  },
  loan: {
    services: LENDING,
    fields: (c) => {
      const { amount, currency } = money(c.random, 120_000);
      const decision = c.isFailing ? "rejected" : c.random.pick(["approved", "approved", "review"]);
      return {
        message: `loan ${decision}: ${amount} ${currency}`,
        loan_id: `loan_${hex(c.random, 10)}`,
        user_id: c.actors.userId,
        amount,
        currency,
        term_months: c.random.pick([6, 12, 24, 36, 60, 240]),
        interest_rate_percent: round(c.random.between(5.5, 18), 2),
        credit_score: int(c.random, 430, 850) - Math.round(120 * c.stress),
        decision,
      };
    },
  },
  forex: {
    services: FOREX,
    fields: (c) => {
      const pair = c.random.pick(PAIRS);
      const middle = FOREX_RATES[pair] ?? 1;
      const swing = 0.002 + 0.05 * c.stress;
      const rate = round(middle * (1 + c.random.between(-swing, swing)), 5);
      return {
        message: `${pair} at ${rate}`,
        trade_id: `fx_${hex(c.random, 10)}`,
        account_id: c.actors.accountId,
        currency_pair: pair,
        side: c.random.pick(["buy", "sell"]),
        rate,
        spread: round(middle * (0.0004 + 0.004 * c.stress), 5),
        notional: Math.round(skewed(c.random, 100, 500_000)),
        status: c.isFailing ? "rejected" : "executed",
      };
    },
  },
  fraud_detection: {
    services: FRAUD,
    fields: (c) => {
      const score = round(Math.min(1, c.random.between(0.01, 0.3) + 0.7 * c.stress), 4);
      const decision = score > 0.8 ? "block" : score > 0.5 ? "challenge" : "allow";
      return {
        message: `fraud score ${score}: ${decision}`,
        transaction_id: `pay_${hex(c.random, 12)}`,
        user_id: c.actors.userId,
        account_id: c.actors.accountId,
        fraud_score: score,
        decision,
        model_version: "gbm-2025.10",
        reasons: score > 0.5 ? [c.random.pick(["velocity", "new_device", "geo_jump"])] : [],
        country: country(c.random),
      };
    },
  },
  aml_screening: {
    services: FRAUD,
    fields: (c) => {
      const match = round(Math.min(1, c.random.between(0, 0.4) + 0.6 * c.stress), 3);
      return {
        message: match > 0.85 ? "possible sanctions match" : "screened",
        screening_id: `aml_${hex(c.random, 10)}`,
        user_id: c.actors.userId,
        list: c.random.pick(["OFAC", "EU", "UN", "PEP"]),
        match_score: match,
        result: match > 0.85 ? "escalated" : "clear",
        transactions_reviewed: int(c.random, 1, 200),
      };
    },
  },
  risk_scoring: {
    services: FRAUD,
    fields: (c) => {
      const score = Math.round(Math.min(1_000, c.random.between(50, 400) + 600 * c.stress));
      return {
        message: `risk ${score} of 1000`,
        user_id: c.actors.userId,
        account_id: c.actors.accountId,
        risk_score: score,
        risk_band: score > 750 ? "high" : score > 400 ? "medium" : "low",
        model_version: "risk-14",
        features_used: int(c.random, 40, 90),
      };
    },
  },
  regulatory_compliance: {
    services: COMPLIANCE,
    fields: (c) => {
      const regulation = c.random.pick(["PCI-DSS", "Basel III", "GDPR", "Circular 09/2020"]);
      return {
        message: `${regulation}: ${c.isFailing ? "finding" : "checked"}`,
        regulation,
        control_id: `CTL-${int(c.random, 1, 240)}`,
        result: c.isFailing ? "violation" : "compliant",
        due_in_days: int(c.random, 0, 90),
      };
    },
  },
  audit_trail: {
    services: COMPLIANCE,
    fields: (c) => {
      const action = c.random.pick(["limit_changed", "role_granted", "record_viewed", "exported"]);
      return {
        message: action,
        audit_id: `aud_${hex(c.random, 12)}`,
        actor_id: c.actors.userId,
        action,
        object_id: c.actors.accountId,
        outcome: c.isFailing ? "refused" : "done",
        hash: hex(c.random, 64),
      };
    },
  },
  data_retention: {
    services: COMPLIANCE,
    fields: (c) => ({
      message: c.isFailing ? "purge failed" : "retention applied",
      policy: c.random.pick(["7y-transactions", "1y-logs", "30d-sessions"]),
      data_set: c.random.pick(["payments", "access_logs", "sessions"]),
      records_purged: c.isFailing ? 0 : Math.round(skewed(c.random, 0, 500_000)),
      oldest_days: int(c.random, 30, 2_600),
      status: c.isFailing ? "failed" : "completed",
    }),
  },
};
