import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export type AlternatingOptions<Variant extends string> = {
  variants: readonly Variant[];
  rounds: number;
  /** Arguments of the Node process that measures a variant once and prints its figure as JSON. */
  command(variant: Variant): readonly string[];
  /** Of one process. */
  deadlineMs?: number;
};

/**
 * Measures variants each in a fresh process, one after the other, every second round in reverse
 * order, so that neither warm caches nor a machine that slows down favour one. The figures come in
 * the order of the rounds.
 */
export const runAlternating = async <Variant extends string, Figure>({
  variants,
  rounds,
  command,
  deadlineMs = 120_000,
}: AlternatingOptions<Variant>): Promise<Record<Variant, Figure[]>> => {
  const figures = Object.fromEntries(
    variants.map((variant) => [variant, [] as Figure[]]),
  ) as Record<Variant, Figure[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const { stdout } = await run(process.execPath, command(variant), { timeout: deadlineMs });
      figures[variant].push(JSON.parse(stdout) as Figure);
    }
  }
  return figures;
};
