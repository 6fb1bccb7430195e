import type { FC } from "hono/jsx";
import type { Attempt } from "../../../shared/core/dashboard/backend-error.ts";
import { formatDuration, showInvisible } from "../../../shared/core/dashboard/format.ts";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import type { ShardLag } from "../../../shared/core/dashboard/streams/consumers.ts";
import { Ago, Count, Failure, Section, Shape, Table, Unknown } from "../components.tsx";
import { Spark } from "../overview/spark.tsx";
import { TrendMark } from "../overview/tiles.tsx";
import type { StreamLags } from "./data.ts";
import { Lag, RateFigure, Sequence, ShardName } from "./figures.tsx";

const SOURCES = {
  checkpoint: "from the checkpoint each shard keeps in S3",
  cloudwatch: "from CloudWatch, by the minute and some minutes late",
} as const;

/** Behind this much a rising lag wants a look. */
const HIGH_LAG_MS = 10_000;

const Direction: FC<{ lag: ShardLag }> = ({ lag }) => (
  <span class="lag-trend">
    <Spark values={lag.lags} isHigh={(lag.millisBehind.value ?? 0) > HIGH_LAG_MS} />
    {lag.trend.value === null ? (
      <Unknown reason={lag.trend.reason} />
    ) : (
      <TrendMark trend={lag.trend.value} hasWord />
    )}
  </span>
);

const Checkpoint: FC<{ lag: ShardLag }> = ({ lag: { checkpointAgeMs, sequenceNumber } }) =>
  checkpointAgeMs.value === null ? (
    <Unknown reason={checkpointAgeMs.reason} />
  ) : (
    <>
      {sequenceNumber === null ? null : (
        <span class="muted wide-only">
          <Sequence seq={sequenceNumber} />
        </span>
      )}{" "}
      {formatDuration(checkpointAgeMs.value)} ago
    </>
  );

/** How far the consumer is in each shard, in time and with its direction. */
export const ConsumersTab: FC<{
  stream: StreamDetail;
  lags: Attempt<StreamLags>;
  source: keyof typeof SOURCES;
  now: number;
}> = ({ stream: { description }, lags, source, now }) => {
  if (!lags.ok) return <Failure message={lags.error.message} />;
  const { lags: shards, reason } = lags.value;
  return (
    <Section title={`${description.name}-consumer`} note={SOURCES[source]}>
      {reason === null ? null : <p class="note">{showInvisible(reason)}</p>}
      <Table
        caption="How far the consumer is, by shard"
        columns={[
          { label: "Shard" },
          { label: "Behind", isNumber: true },
          { label: "Last 10 min" },
          { label: "Records/s", isNumber: true },
          { label: "Records", isNumber: true },
          { label: "Checkpoint", isNumber: true },
          { label: "Read by" },
          { label: "Last poll", isNumber: true },
        ]}
        rows={shards.map((lag) => {
          const isHigh =
            (lag.millisBehind.value ?? 0) > HIGH_LAG_MS && lag.trend.value === "rising";
          const tone = lag.error ? "error" : lag.isDrained ? "muted" : isHigh ? "warn" : undefined;
          return {
            ...(tone ? { tone } : {}),
            cells: [
              <>
                {lag.error ? (
                  <span
                    class="tone-error"
                    title={showInvisible(`${lag.error.code}: ${lag.error.message}`)}
                  >
                    <Shape name="error" />{" "}
                  </span>
                ) : null}
                <ShardName id={lag.shardId} />
                {lag.isDrained ? " read to its end" : ""}
              </>,
              <Lag millisBehind={lag.millisBehind} />,
              <Direction lag={lag} />,
              <RateFigure rate={lag.recordsPerSecond} />,
              <Count value={lag.records} reason="No consumer has recorded this shard yet." />,
              <Checkpoint lag={lag} />,
              lag.owner === null ? (
                <Unknown reason="No instance holds the shard, or its source does not say." />
              ) : (
                <span class="mono owner" title={showInvisible(lag.owner)}>
                  {showInvisible(lag.owner)}
                </span>
              ),
              <Ago time={lag.lastPolledAt} now={now} reason="Not polled yet." />,
            ],
          };
        })}
        empty="No shard is recorded. Start the consumer, then send a log."
      />
    </Section>
  );
};
