import { HELP, parseOptions, UsageError } from "./chaos/options.ts";
import { createProgressLine, renderFaults, renderTable, renderTroubles } from "./chaos/report.ts";
import { type RunResult, runSeed } from "./chaos/run.ts";

// Said once by the parts' supervisor already, and it would break the progress line.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const readOptions = () => {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${HELP}\n`);
    return process.exit(EXIT_USAGE);
  }
};

const options = readOptions();
if (options === undefined) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(EXIT_INTERRUPTED);
    process.stderr.write("\nStopping …\n");
    interrupted.abort();
  });

const { logs, rate, seeds, isKept } = options;
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const runOne = async (seed: number): Promise<RunResult> => {
  const line = createProgressLine(process.stderr, seed, logs);
  const run = { seed, logs, rate, buildFolder: import.meta.dirname, env: process.env };
  try {
    return await runSeed(run, line.show, interrupted.signal);
  } catch (error) {
    if (interrupted.signal.aborted) process.exit(EXIT_INTERRUPTED);
    throw error;
  } finally {
    line.clear();
  }
};

const results: RunResult[] = [];
for (const seed of seeds) {
  const result = await runOne(seed);
  results.push(result);
  for (const text of renderTroubles(result)) say(text);
  say(`seed ${seed}: faults that hit: ${renderFaults(result)}`);
  if (result.isGood && !isKept) result.pipeline.remove();
  else if (isKept) say(`seed ${seed}: kept in ${result.pipeline.folder}`);
}

process.stdout.write(`${renderTable(results)}\n`);
process.exitCode = results.every(({ isGood }) => isGood) ? 0 : 1;
