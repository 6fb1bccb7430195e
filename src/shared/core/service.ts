import { isJsonObject, type JsonObject } from "./json.ts";
import { PARTITION_KEY_MAX_LENGTH } from "./limits.ts";

/** The service of a log that names none. */
export const UNKNOWN_SERVICE = "unknown";

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const field = (value: unknown, name: string): unknown =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/**
 * The service a log belongs to: the first non-empty string of `service`, `service.name`,
 * `resource["service.name"]` / `resource.service.name` / `resource.attributes["service.name"]`,
 * `data.service`, `source`; else `otherwise`, which is `unknown`. Ingest and consumer ask here.
 */
export const serviceOf = (log: JsonObject, otherwise = UNKNOWN_SERVICE): string => {
  const direct = text(log.service);
  if (direct !== undefined) return direct;
  const resource = field(log, "resource");
  return (
    text(field(log, "service.name")) ??
    text(field(field(log, "service"), "name")) ??
    text(field(resource, "service.name")) ??
    text(field(field(resource, "service"), "name")) ??
    text(field(field(resource, "attributes"), "service.name")) ??
    text(field(field(log, "data"), "service")) ??
    text(field(log, "source")) ??
    otherwise
  );
};

/** Kinesis partition key of a service: the name cut at 256 characters, as Kinesis counts them. */
export const partitionKeyOf = (service: string): string => {
  if (service.length <= PARTITION_KEY_MAX_LENGTH) return service;
  let end = 0;
  let count = 0;
  for (const character of service) {
    if (count === PARTITION_KEY_MAX_LENGTH) break;
    end += character.length;
    count += 1;
  }
  return service.slice(0, end);
};
