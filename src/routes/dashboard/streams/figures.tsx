import type { FC } from "hono/jsx";
import { formatBytes, formatDuration } from "../../../shared/core/dashboard/format.ts";
import type { Known } from "../../../shared/core/dashboard/streams/known.ts";
import type { ShardRate } from "../../../shared/core/dashboard/streams/shard-rates.ts";
import { Shape, Unknown } from "../components.tsx";
import { isHot } from "./data.ts";
import { shortShard } from "./links.ts";

/** `0`, `0.4`, `12`, `1,204`. */
export const formatRate = (perSecond: number): string =>
  perSecond > 0 && perSecond < 9.95
    ? perSecond.toFixed(1)
    : Math.round(perSecond).toLocaleString("en-US");

export const RateFigure: FC<{ rate: Known<number> }> = ({ rate }) =>
  rate.value === null ? <Unknown reason={rate.reason} /> : formatRate(rate.value);

export const BytesRate: FC<{ rate: Known<ShardRate> | undefined; closed: string }> = ({
  rate,
  closed,
}) =>
  rate?.value ? (
    `${formatBytes(rate.value.bytesPerSecond)}/s`
  ) : (
    <Unknown reason={rate?.reason ?? closed} />
  );

export const Lag: FC<{ millisBehind: Known<number> }> = ({ millisBehind }) =>
  millisBehind.value === null ? (
    <Unknown reason={millisBehind.reason} />
  ) : (
    formatDuration(millisBehind.value)
  );

/** How much of what one shard takes is used; a hot one says so. */
export const WriteShare: FC<{ rate: Known<ShardRate> | undefined; closed: string }> = ({
  rate,
  closed,
}) => {
  if (!rate?.value) return <Unknown reason={rate?.reason ?? closed} />;
  const percent = rate.value.writeShare * 100;
  return (
    <span class={isHot(rate.value) ? "share tone-warn" : "share"}>
      {isHot(rate.value) ? (
        <>
          <Shape name="warn" /> <b>hot</b>{" "}
        </>
      ) : null}
      <meter min="0" max="100" value={Math.min(100, percent).toFixed(1)}>
        {percent.toFixed(0)} %
      </meter>{" "}
      {percent > 0 && percent < 1 ? "< 1" : percent.toFixed(0)} %
    </span>
  );
};

/** A shard's number, its whole id on hover. */
export const ShardName: FC<{ id: string }> = ({ id }) => (
  <span class="mono" title={id}>
    {shortShard(id)}
  </span>
);

/** The end of a sequence number tells records apart; the whole is on hover. */
export const Sequence: FC<{ seq: string }> = ({ seq }) => (
  <span class="mono" title={seq}>
    {seq.length > 14 ? `…${seq.slice(-12)}` : seq}
  </span>
);
