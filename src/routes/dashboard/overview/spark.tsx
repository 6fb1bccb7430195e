import type { FC } from "hono/jsx";

const WIDTH = 100;
const HEIGHT = 20;

/** Points of each run of known values; a hole in the line is where nobody said. */
const runsOf = (values: readonly (number | null)[]): string[] => {
  const known = values.filter((value) => value !== null);
  const most = Math.max(...known, 0);
  const step = WIDTH / Math.max(1, values.length - 1);
  const runs: string[][] = [[]];
  values.forEach((value, index) => {
    if (value === null) runs.push([]);
    else {
      const y = most === 0 ? HEIGHT - 1 : HEIGHT - 1 - (value / most) * (HEIGHT - 2);
      runs.at(-1)?.push(`${(index * step).toFixed(1)},${y.toFixed(1)}`);
    }
  });
  return runs.filter((run) => run.length > 1).map((run) => run.join(" "));
};

/** A small line from 0 to its own maximum. Context only: the figure beside it says it alone. */
export const Spark: FC<{ values: readonly (number | null)[]; isHigh?: boolean }> = ({
  values,
  isHigh,
}) => {
  const runs = runsOf(values);
  return runs.length === 0 ? (
    <span class="spark" />
  ) : (
    <svg
      class={isHigh ? "spark spark-high" : "spark"}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {runs.map((points) => (
        <polyline points={points} />
      ))}
    </svg>
  );
};
