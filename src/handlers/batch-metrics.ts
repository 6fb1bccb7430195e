import type { BatchSummary } from "../shared/core/consume.ts";
import { type KinesisEvent, originOf } from "../shared/core/kinesis-event.ts";

export type MetricsOptions = { namespace: string; stage: string };

const UNITS = {
  /** Kinesis records. */
  Records: "Count",
  /** Logs stored, and the size of their objects. */
  Lines: "Count",
  Bytes: "Bytes",
  /** Part objects, one for each partition met in the batch. */
  Parts: "Count",
  Quarantined: "Count",
  /** 1 where the batch must come again. */
  FailedBatches: "Count",
} as const;

type Figures = Readonly<Record<keyof typeof UNITS, number>>;

const FAILED: Figures = {
  Records: 0,
  Lines: 0,
  Bytes: 0,
  Parts: 0,
  Quarantined: 0,
  FailedBatches: 1,
};

const figuresOf = (summary: BatchSummary | null): Figures =>
  summary === null
    ? FAILED
    : {
        Records: summary.records,
        Lines: summary.lines,
        Bytes: summary.bytes,
        Parts: summary.parts.length,
        Quarantined: summary.quarantined,
        FailedBatches: 0,
      };

/**
 * One line in CloudWatch's embedded metric format: CloudWatch Logs makes metrics of it, at no cost
 * of a call. Dimensions are stage and stream only, for each combination is a metric to be paid; the
 * shard is there to be searched for. Undefined for an event without records.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export const batchMetricsLine = (
  event: KinesisEvent,
  summary: BatchSummary | null,
  now: number,
  { namespace, stage }: MetricsOptions,
): string | undefined => {
  const first = event.Records[0];
  if (first === undefined) return undefined;
  const { stream, shardId } = originOf(first);
  return JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [["Stage", "Stream"]],
          Metrics: Object.entries(UNITS).map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    Stage: stage,
    Stream: stream,
    ShardId: shardId,
    FirstSequenceNumber: first.kinesis.sequenceNumber,
    ...figuresOf(summary),
  });
};
