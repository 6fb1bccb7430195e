import type { EngineStats } from "../shared/core/put-records-engine.ts";

type Spool = NonNullable<EngineStats["spool"]>;

const latest = <T>(values: readonly T[], timeOf: (value: T) => number): T | undefined =>
  values.reduce<T | undefined>(
    (found, value) => (found === undefined || timeOf(value) > timeOf(found) ? value : found),
    undefined,
  );

const defined = <T>(values: readonly (T | undefined)[]): T[] =>
  values.filter((value) => value !== undefined);

const sumOf = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0);

const totalSpool = (spools: readonly Spool[]): Spool | undefined =>
  spools.length === 0
    ? undefined
    : {
        entries: sumOf(spools, ({ entries }) => entries),
        logs: sumOf(spools, ({ logs }) => logs),
        bytes: sumOf(spools, ({ bytes }) => bytes),
        maxBytes: sumOf(spools, ({ maxBytes }) => maxBytes),
        oldestAt: latest(defined(spools.map(({ oldestAt }) => oldestAt)), (at) => -at),
        failure: defined(spools.map(({ failure }) => failure))[0],
      };

/** The figures of all streams' engines together; undefined where there is no engine. */
export const totalStats = (engines: readonly EngineStats[]): EngineStats | undefined => {
  if (engines.length === 0) return undefined;
  const sum = (of: (stats: EngineStats) => number): number => sumOf(engines, of);
  return {
    queueLogs: sum(({ queueLogs }) => queueLogs),
    queueBytes: sum(({ queueBytes }) => queueBytes),
    maxQueueBytes: sum(({ maxQueueBytes }) => maxQueueBytes),
    callsInFlight: sum(({ callsInFlight }) => callsInFlight),
    calls: sum(({ calls }) => calls),
    failedCalls: sum(({ failedCalls }) => failedCalls),
    failedCallsInARow: Math.max(...engines.map(({ failedCallsInARow }) => failedCallsInARow)),
    records: sum(({ records }) => records),
    recordBytes: sum(({ recordBytes }) => recordBytes),
    retriedRecords: sum(({ retriedRecords }) => retriedRecords),
    throttledRecords: sum(({ throttledRecords }) => throttledRecords),
    acknowledgedLogs: sum(({ acknowledgedLogs }) => acknowledgedLogs),
    spooledLogs: sum(({ spooledLogs }) => spooledLogs),
    lateLogs: sum(({ lateLogs }) => lateLogs),
    lastSuccessAt: latest(defined(engines.map((engine) => engine.lastSuccessAt)), (at) => at),
    lastFailure: latest(defined(engines.map(({ lastFailure }) => lastFailure)), ({ at }) => at),
    isClosing: engines.some(({ isClosing }) => isClosing),
    isCircuitOpen: engines.some(({ isCircuitOpen }) => isCircuitOpen),
    lookups: sum(({ lookups }) => lookups),
    failedLookups: sum(({ failedLookups }) => failedLookups),
    foundRecords: sum(({ foundRecords }) => foundRecords),
    drainedLogs: sum(({ drainedLogs }) => drainedLogs),
    spool: totalSpool(defined(engines.map(({ spool }) => spool))),
  };
};
