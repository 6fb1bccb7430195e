import type { FC } from "hono/jsx";
import { Failure, Section } from "../components.tsx";
import { bucketTotals } from "../present.ts";
import { BucketTable, StreamTable, UnreadableStates } from "../tables.tsx";
import { attentionList } from "./attention.ts";
import type { OverviewData } from "./data.ts";
import { Attention, Conservation, FlowChart, LagTable } from "./panels.tsx";
import { Pipe } from "./pipe.tsx";
import { Tiles } from "./tiles.tsx";

const FirstLog: FC<{ ingestUrl: string | undefined }> = ({ ingestUrl }) =>
  ingestUrl === undefined ? null : (
    <div class="empty">
      Nothing is stored yet. Send a first log:
      <pre>{`curl ${ingestUrl}/api/ingest/batch -H 'content-type: application/json' -d '{"logs":[{"service":"demo","level":"INFO","message":"hello"}]}'`}</pre>
    </div>
  );

/** Is data arriving, is it moving, is it landing, is it late. */
export const Overview: FC<OverviewData> = (data) => {
  const { streams, buckets, consumer, history, ledger, ingestUrl, now } = data;
  const isEmpty = buckets.ok && bucketTotals(buckets.value.items).total_objects === 0;
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <Pipe {...data} />
      <Tiles {...data} />
      {isEmpty ? <FirstLog ingestUrl={ingestUrl} /> : null}
      <div class="columns columns-wide">
        <FlowChart {...data} />
        <Attention items={attentionList(data)} now={now} />
      </div>
      <div class="columns">
        <div>
          <Conservation ledger={ledger} />
          <Section title="Buckets" note="data objects; quarantine apart">
            {buckets.ok ? (
              <BucketTable {...buckets.value} now={now} />
            ) : (
              <Failure message={buckets.error.message} />
            )}
          </Section>
        </div>
        <div>
          <Section title="Consumer lag" note="behind the newest record, by shard">
            {consumer.ok ? (
              <>
                <LagTable
                  consumer={consumer.value}
                  history={history.ok ? history.value : undefined}
                  now={now}
                />
                <UnreadableStates consumer={consumer.value} />
              </>
            ) : (
              <Failure message={consumer.error.message} />
            )}
          </Section>
          <Section title="Streams">
            {streams.ok ? (
              <StreamTable {...streams.value} />
            ) : (
              <Failure message={streams.error.message} />
            )}
          </Section>
        </div>
      </div>
    </>
  );
};
