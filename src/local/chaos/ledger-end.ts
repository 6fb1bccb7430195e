import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

export type LedgerEnd = {
  readonly state: string;
  readonly detail: string;
  /** Stored, and never answered as accepted; undefined where that is not known. */
  readonly unaccounted: number | undefined;
  /** Counted as accepted, repeats left out; undefined where that is not known. */
  readonly counted: number | undefined;
};

const summarySchema = z.object({
  ledger: z
    .object({
      state: z.string(),
      reason: z.string().nullable(),
      streams: z.array(
        z.object({
          unaccounted: z.number().nullable(),
          accepted: z.number(),
          deduplicated: z.number(),
        }),
      ),
    })
    .optional(),
});

const DEADLINE_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

/** The dashboard's conservation ledger once it has come to a decision, or what it says after a minute. */
export const readLedgerEnd = async (dashboardUrl: string): Promise<LedgerEnd> => {
  const until = Date.now() + DEADLINE_MS;
  const unknown = (detail: string): LedgerEnd => ({
    state: "unknown",
    detail,
    unaccounted: undefined,
    counted: undefined,
  });
  let end = unknown("the dashboard did not answer");
  while (Date.now() < until) {
    try {
      const response = await fetch(`${dashboardUrl}/api/stats/summary`, {
        signal: AbortSignal.timeout(10_000),
      });
      const { ledger } = summarySchema.parse(await response.json());
      if (ledger === undefined) return unknown("the dashboard has no ledger");
      const { state, reason, streams } = ledger;
      const unaccounted = streams.reduce((sum, stream) => sum + (stream.unaccounted ?? 0), 0);
      const counted = streams.reduce(
        (sum, { accepted, deduplicated }) => sum + accepted - deduplicated,
        0,
      );
      end = { state, detail: reason ?? "", unaccounted, counted };
      if (ledger.state === "balanced" || ledger.state === "open") return end;
    } catch (error) {
      end = unknown(error instanceof Error ? error.message : String(error));
    }
    await sleep(LOOK_EVERY_MS);
  }
  return end;
};
