/**
 * List prices of us-east-1 in US dollars, of the dates and pages of scripts/cost-prices.json; that
 * of GET is of the same page as that of PUT.
 */
export const PRICES = {
  athenaPerTb: { usd: 5, asOf: "2026-02", source: "https://aws.amazon.com/athena/pricing/" },
  s3PerThousandGets: { usd: 0.0004, asOf: "2026-03", source: "https://aws.amazon.com/s3/pricing/" },
} as const;

const TB = 1024 ** 4;
/** Athena rounds up to this for each query. */
const MIN_SCANNED = 10 * 1024 ** 2;

export type CostHint = { scannedBytes: number; athenaUsd: number; getUsd: number };

/** What one query costs that reads all of these objects once. */
export const costOf = (objects: number, bytes: number): CostHint => {
  const scannedBytes = objects === 0 ? 0 : Math.max(bytes, MIN_SCANNED);
  return {
    scannedBytes,
    athenaUsd: (scannedBytes / TB) * PRICES.athenaPerTb.usd,
    getUsd: (objects / 1_000) * PRICES.s3PerThousandGets.usd,
  };
};

/** `$12.40`, `$0.042`, `< $0.0001`: two digits that count. */
export const formatUsd = (usd: number): string => {
  if (usd === 0) return "$0";
  if (usd < 0.0001) return "< $0.0001";
  return `$${usd >= 1 ? usd.toFixed(2) : usd.toPrecision(2)}`;
};
