import type { RecordVisitor } from "./decode-record.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { RECORD_MAX_DECODED_BYTES } from "./limits.ts";

/**
 * What a CloudWatch Logs subscription puts on a stream, each record gzipped:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
 */
type LogEvent = { readonly id: string; readonly timestamp: number; readonly message: string };
type DataMessage = {
  readonly logGroup: string;
  readonly logStream: string;
  readonly logEvents: readonly LogEvent[];
};

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html */
const NAME_MAX_LENGTH = 512;
/** 9999-12-31T23:59:59.999Z */
const MAX_TIME_MS = 253_402_300_799_999;

const isName = (value: unknown): value is string =>
  typeof value === "string" && value.length <= NAME_MAX_LENGTH;

const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_TIME_MS;

const isLogEvent = (value: unknown): value is LogEvent =>
  isJsonObject(value) &&
  isName(value.id) &&
  isTime(value.timestamp) &&
  typeof value.message === "string";

const isDataMessage = (log: JsonObject): log is DataMessage =>
  log.messageType === "DATA_MESSAGE" &&
  isName(log.logGroup) &&
  isName(log.logStream) &&
  Array.isArray(log.logEvents) &&
  log.logEvents.every(isLogEvent);

/** CloudWatch's test whether it may write to the stream. */
const isControlMessage = (log: JsonObject): boolean =>
  log.messageType === "CONTROL_MESSAGE" && Array.isArray(log.logEvents);

/** `/aws/lambda/checkout` is the service `checkout`. */
const serviceOfLogGroup = (logGroup: string): string | undefined =>
  logGroup
    .split("/")
    .filter((segment) => segment !== "")
    .at(-1);

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The message where it is a JSON object itself. */
const parseMessage = (message: string): { line: string; log: JsonObject } | undefined => {
  const text = message.trim();
  // UTF-8 has no lone surrogates; they stay escaped in the line made of a text.
  if (!text.startsWith("{") || LONE_SURROGATE.test(text)) return undefined;
  try {
    const log: unknown = JSON.parse(text);
    // Line breaks in valid JSON stand between tokens only; spaces mean the same.
    return isJsonObject(log) ? { line: text.replaceAll(/[\r\n]/g, " "), log } : undefined;
  } catch {
    return undefined;
  }
};

const encoder = new TextEncoder();

/** A log made of an event whose message is no JSON object. */
const toLog = ({ id, timestamp, message }: LogEvent, { logGroup, logStream }: DataMessage) => ({
  timestamp: new Date(timestamp).toISOString(),
  service: serviceOfLogGroup(logGroup),
  message,
  log_group: logGroup,
  log_stream: logStream,
  id,
});

const encodeLog = (log: JsonObject): Uint8Array => encoder.encode(JSON.stringify(log));

const visitEvent = (event: LogEvent, payload: DataMessage, visitor: RecordVisitor): void => {
  const parsed = parseMessage(event.message);
  if (parsed === undefined) {
    const log = toLog(event, payload);
    visitor.log(encodeLog(log), log);
  } else {
    const service = serviceOfLogGroup(payload.logGroup);
    const envelope = { service, timeMs: event.timestamp };
    visitor.log(encoder.encode(parsed.line), parsed.log, envelope);
  }
};

/** Every log repeats the names of its group and stream, so that the bound of a payload is no bound of its logs. */
const isTooLarge = (payload: DataMessage, bytes: number): boolean => {
  const repeated = encodeLog(toLog({ id: "", timestamp: 0, message: "" }, payload)).length;
  return bytes + payload.logEvents.length * repeated > RECORD_MAX_DECODED_BYTES;
};

/**
 * A visitor that finds subscription payloads among the logs and hands on their log events instead:
 * a message that is a JSON object as it is, any other as a log made of the event. Control messages
 * are skipped. What is no payload in every detail is a log like any other.
 */
export const unpackLogEvents = (visitor: RecordVisitor): RecordVisitor => ({
  ...visitor,
  log(line, log, envelope) {
    if (isControlMessage(log)) visitor.skip();
    else if (!isDataMessage(log) || isTooLarge(log, line.length)) visitor.log(line, log, envelope);
    else if (log.logEvents.length === 0) visitor.skip();
    else for (const event of log.logEvents) visitEvent(event, log, visitor);
  },
});
