import type { Random } from "../../shared/core/random.ts";
import type { PartName, Pipeline } from "./pipeline.ts";

export type Killer = {
  /** Kills one part after another, each when `mayKill` says so, until all kills of the plan are done. */
  run(mayKill: (done: number) => Promise<boolean>): Promise<void>;
  readonly done: number;
  readonly byPart: ReadonlyMap<PartName, number>;
};

/** The dashboard holds nothing that could be lost. */
const FIRST_ROUND: readonly PartName[] = ["ingest", "consumer", "local-aws"];
const ROUND: readonly PartName[] = ["ingest", "ingest", "consumer", "consumer", "local-aws"];

/** A plan in which each part has its turn, even in a short run; now and then two at once. */
const planKills = (count: number, random: Random): PartName[][] => {
  const plan: PartName[][] = [];
  let left = count;
  let deck = [...FIRST_ROUND];
  const draw = (): PartName => {
    if (deck.length === 0) deck = [...ROUND];
    return deck.splice(Math.floor(random.next() * deck.length), 1)[0] as PartName;
  };
  while (left > 0) {
    const first = draw();
    const second = left > 1 && random.chance(0.2) ? draw() : first;
    const together = first === second ? [first] : [first, second];
    plan.push(together);
    left -= together.length;
  }
  return plan;
};

export const createKiller = (
  pipeline: Pick<Pipeline, "kill" | "waitUntilUp">,
  count: number,
  random: Random,
  beforeKill: (part: PartName) => Promise<void>,
): Killer => {
  const plan = planKills(count, random);
  const byPart = new Map<PartName, number>();
  let done = 0;
  const kill = async (part: PartName): Promise<void> => {
    await pipeline.waitUntilUp(part);
    await beforeKill(part);
    done += 1;
    byPart.set(part, (byPart.get(part) ?? 0) + 1);
    await pipeline.kill(part);
  };
  return {
    byPart,
    get done() {
      return done;
    },
    run: async (mayKill) => {
      for (const together of plan) {
        if (!(await mayKill(done))) return;
        await Promise.all(together.map(kill));
      }
    },
  };
};
