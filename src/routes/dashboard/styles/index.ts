import { baseStyles } from "./base.ts";
import { bucketsStyles } from "./buckets.ts";
import { logsStyles } from "./logs.ts";
import { narrowStyles } from "./narrow.ts";
import { overviewStyles } from "./overview.ts";
import { partitionsStyles } from "./partitions.ts";
import { quarantineStyles } from "./quarantine.ts";
import { streamsStyles } from "./streams.ts";

/** The one style sheet. Every text and background pair is at least 4.5:1 in both schemes. */
export const styles = [
  baseStyles,
  overviewStyles,
  bucketsStyles,
  partitionsStyles,
  logsStyles,
  streamsStyles,
  quarantineStyles,
  narrowStyles,
].join("");
