import { LEVEL_NAMES } from "../../shared/core/dashboard/logs/log-filter.ts";

/** Letter and shape of each of LEVEL_NAMES; the colour is its class. */
export const MARKS: readonly (readonly [letter: string, path: string])[] = [
  ["F", "M5 0l5 5-5 5-5-5z"],
  ["E", "M1 1h8v8H1z"],
  ["W", "M5 .8 9.6 9H.4z"],
  ["I", "M5 1a4 4 0 1 1 0 8 4 4 0 0 1 0-8z"],
  ["D", "M5 1a4 4 0 1 1 0 8 4 4 0 0 1 0-8zm0 1.6a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8z"],
  ["T", "M5 3.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z"],
  ["", ""],
];

export const levelName = (level: number): string => LEVEL_NAMES[level] ?? "none";

const SVG = "http://www.w3.org/2000/svg";

/** The shape as an element. */
export const shapeOf = (level: number): Node => {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("class", "shape");
  svg.setAttribute("viewBox", "0 0 10 10");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", MARKS[level]?.[1] ?? "");
  svg.append(path);
  return svg;
};
