import { formatCount, formatDuration } from "../../../shared/core/dashboard/format.ts";

/** A figure in the words of its unit: seconds as a span, shares in percent. */
export const formatFigure = (value: number, unit: string): string => {
  if (unit === "s") return formatDuration(value * 1000);
  if (unit === "share") return `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
  return `${formatCount(value)} ${unit}`;
};
