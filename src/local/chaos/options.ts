import { parseArgs } from "node:util";

export const HELP = `Break the pipeline on purpose while logs flow, then count what arrived.

  npm run chaos
    --logs N        distinct logs a seed, 100 to 10000000          (30000)
    --rate N        logs per second                                (300)
    --duration S    seconds of trouble, in place of --rate
    --seed S        1, or 1..5, or 1,3,8                           (1)
    --keep          keep the data folder of every seed

Starts what npm start starts, on ports and a folder of its own, kills its processes (-9), makes its
Kinesis and S3 fail, splits and merges shards; then waits for quiet and compares, line by line, what
was accepted with what is in the bucket. The seed gives the same plan of trouble; how it meets the
processes differs from run to run.

Exit code 0: nothing lost, nothing stored twice; 1: something was; 2: wrong usage.`;

export class UsageError extends Error {
  override readonly name = "UsageError";
}

export type ChaosOptions = {
  readonly logs: number;
  /** Logs per second. */
  readonly rate: number;
  readonly seeds: readonly number[];
  readonly isKept: boolean;
};

const DEFAULT_LOGS = 30_000;
const DEFAULT_RATE = 300;
const MAX_SEEDS = 1_000;

const numberOf = (
  name: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value >= min && value <= max) return value;
  throw new UsageError(`--${name} takes a number from ${min} to ${max}, not ${text}.`);
};

const MAX_SEED = 2 ** 31 - 1;

const seedsOf = (text: string): number[] =>
  text.split(",").flatMap((part) => {
    const range = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(part.trim());
    const first = Number(range?.[1]);
    const last = Number(range?.[2] ?? first);
    if (range === null || last < first || last > MAX_SEED)
      throw new UsageError(`--seed takes a number, a range such as 1..5, or a list, not ${text}.`);
    if (last - first >= MAX_SEEDS) throw new UsageError(`At most ${MAX_SEEDS} seeds at once.`);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });

/** Undefined where help is asked for. Throws a UsageError that names the option. */
export const parseOptions = (args: readonly string[]): ChaosOptions | undefined => {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        logs: { type: "string" },
        rate: { type: "string" },
        duration: { type: "string" },
        seed: { type: "string" },
        keep: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help === true) return undefined;
  const text = (name: string): string | undefined => values[name] as string | undefined;
  const logs = Math.round(numberOf("logs", text("logs"), 100, 10_000_000) ?? DEFAULT_LOGS);
  const rate = numberOf("rate", text("rate"), 1, 100_000);
  const seconds = numberOf("duration", text("duration"), 5, 86_400);
  if (rate !== undefined && seconds !== undefined)
    throw new UsageError("Either --rate or --duration: one follows from the other.");
  return {
    logs,
    rate: rate ?? (seconds === undefined ? DEFAULT_RATE : logs / seconds),
    seeds: seedsOf(text("seed") ?? "1"),
    isKept: values.keep === true,
  };
};
