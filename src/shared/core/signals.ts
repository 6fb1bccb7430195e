import type { JsonObject } from "./json.ts";

/** What a line is, and with it the bucket it ends up in. */
export type Signal = "logs" | "metrics" | "apm";

/** Metrics and APM share a stream. */
export type StreamKind = "logs" | "metrics";

export const STREAM_KINDS: readonly StreamKind[] = ["logs", "metrics"];

export const streamKindOf = (signal: Signal): StreamKind =>
  signal === "logs" ? "logs" : "metrics";

const ROUTE = /^(metrics|apm)\/(.*)$/su;

/**
 * What an item travels under, and before the cut its partition key: the service alone on the logs
 * stream, `metrics/<service>` or `apm/<service>` on the metrics stream. Injective on each stream.
 */
export const routeOf = (signal: Signal, service: string): string =>
  signal === "logs" ? service : `${signal}/${service}`;

export type Route = { readonly signal: "metrics" | "apm"; readonly service: string };

/** What a partition key of the metrics stream says; undefined where it was not made by `routeOf`. */
export const routeOfKey = (partitionKey: string): Route | undefined => {
  const [, signal, service = ""] = ROUTE.exec(partitionKey) ?? [];
  return signal === undefined ? undefined : { signal: signal as Route["signal"], service };
};

const isApmType = (value: unknown): boolean =>
  typeof value === "string" && value.startsWith("apm_");

/** Whether a line says of itself that it is APM: `log_type` or `type` begins with `apm_`. */
export const isApmLog = (log: JsonObject): boolean =>
  isApmType(log.log_type) || isApmType(log.type);
