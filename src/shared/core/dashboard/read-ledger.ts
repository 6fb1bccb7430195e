import { balanceOf, type LedgerBalance, type LedgerOptions } from "../ledger.ts";
import { attempt } from "./backend-error.ts";
import type { ConsumerStatus } from "./consumer-status.ts";
import type { IngestAccountSource, IngestAccounts, StreamCatalog } from "./ports.ts";

export type LedgerDeps = {
  accounts: IngestAccountSource;
  streams: Pick<StreamCatalog, "listShards">;
  consumer: () => Promise<ConsumerStatus>;
};

const gapOf = (
  accounts: IngestAccounts,
  { unreadable, isComplete }: ConsumerStatus,
): string | undefined => {
  const broken = accounts.unreadable[0] ?? unreadable[0];
  if (broken !== undefined) return `${broken.key}: ${broken.reason}`;
  if (accounts.isComplete && isComplete) return undefined;
  return "There are more ingestion interfaces or shards than are read for one answer.";
};

/**
 * The conservation ledgers of the streams that anything was counted for. The accounts are read
 * before all else: what they count as accepted, the states read after them can show as stored.
 * Throws BackendError.
 */
export const readLedger = async (
  { accounts: source, streams, consumer }: LedgerDeps,
  names: readonly string[],
  options: LedgerOptions,
  signal: AbortSignal,
): Promise<LedgerBalance[]> => {
  const accounts = await Promise.all(names.map((name) => source.read(name, signal)));
  const status = await consumer();
  const balances = names.map(async (stream, index): Promise<LedgerBalance[]> => {
    const found = accounts[index];
    const states = status.shards.filter((state) => state.stream === stream);
    if (found === undefined) return [];
    const isUnused = found.accounts.length + found.unreadable.length + states.length === 0;
    if (isUnused) return [];
    const shards = await attempt(() => streams.listShards(stream, signal));
    const shardIds =
      shards.ok && shards.value.isComplete
        ? shards.value.items.map(({ shardId }) => shardId)
        : undefined;
    const earlierStates = status.earlierShards.filter((state) => state.stream === stream);
    return [
      balanceOf(
        {
          stream,
          accounts: found.accounts,
          states,
          earlierStates,
          shardIds,
          gap: gapOf(found, status),
        },
        options,
      ),
    ];
  });
  return (await Promise.all(balances)).flat();
};
