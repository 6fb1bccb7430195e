import { baseLogType, categoryOf, LOG_CATEGORIES, LOG_TYPES } from "./log-types.ts";
import { encodePartitionValue } from "./partition.ts";

/** Where logs go that stand out, whatever their type. */
export const ANOMALY_FOLDER = "anomaly";
const ANOMALY_ABOVE = 70;

export const LOCAL_LOG_FOLDERS: readonly string[] = [
  ...Object.keys(LOG_CATEGORIES),
  ANOMALY_FOLDER,
];

/** Names of unknown types that get a file each; the rest share one. A client may invent any number. */
const MAX_UNKNOWN_TYPES = 100;
const MANY_OTHERS = "other";
const NO_TYPE = "unknown";

/** `yyyymmdd`, UTC. */
export const dayOf = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 10).replaceAll("-", "");

/**
 * Names the local file of a log, relative to LOG_DIR: `<category>/<log_type>_<yyyymmdd>.log`. Known
 * types have one name with and without `_log`; unknown ones go to `application/`, percent-encoded
 * and cut so that no type can name another folder or an over-long file. A score above 70 goes to
 * `anomaly/` instead.
 */
export const createLocalLogPath = (maxUnknownTypes = MAX_UNKNOWN_TYPES) => {
  const known: ReadonlySet<string> = new Set(LOG_TYPES);
  const unknown = new Map<string, string>();

  const nameOf = (logType: string): string => {
    const base = baseLogType(logType);
    if (known.has(base)) return base;
    const remembered = unknown.get(base);
    if (remembered !== undefined) return remembered;
    if (unknown.size >= maxUnknownTypes) return MANY_OTHERS;
    // Not every file system tells case apart, and a leading dot hides a file.
    const name = encodePartitionValue(base).replace(/^\./, "%2E").toLowerCase();
    unknown.set(base, name);
    return name;
  };

  return (
    logType: string | undefined,
    anomalyScore: number | undefined,
    /** `yyyymmdd`. */
    day: string,
  ): string => {
    const type = logType ?? NO_TYPE;
    const isAnomaly = anomalyScore !== undefined && anomalyScore > ANOMALY_ABOVE;
    return `${isAnomaly ? ANOMALY_FOLDER : categoryOf(type)}/${nameOf(type)}_${day}.log`;
  };
};
