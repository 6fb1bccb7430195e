import { formatDuration } from "../../shared/core/dashboard/format.ts";
import { make } from "../shell/dialog.ts";

export type TailState = "following" | "paused" | "stopped";

export type StatusFigures = {
  state: TailState;
  linesPerSecond: number;
  shown: number;
  held: number;
  millisBehind: number | null;
  problem: string | null;
  how: string;
};

const STATES: Readonly<Record<TailState, string>> = {
  following: "● Following",
  paused: "▮▮ Paused",
  stopped: "■ Stopped",
};

const SPOKEN_MS = 5_000;

/** The line above the list; what is read aloud is said at most every five seconds. */
export const createStatus = () => {
  const state = make("b");
  const rate = make("span");
  const count = make("span");
  const behind = make("span");
  const problem = make("span", { class: "tone-warn" });
  const how = make("span");
  const spoken = make("span", { class: "hidden", role: "status", "aria-live": "polite" });
  const element = make("p", { class: "live-status" }, state, rate, count, behind, problem, how);
  let news = { lines: 0, errors: 0 };
  let spokenAt = 0;
  const say = (): void => {
    if (news.lines === 0 || performance.now() - spokenAt < SPOKEN_MS) return;
    spokenAt = performance.now();
    spoken.textContent = `${news.lines} new lines, ${news.errors} errors`;
    news = { lines: 0, errors: 0 };
  };
  const write = (node: HTMLElement, text: string) => {
    if (node.textContent !== text) node.textContent = text;
  };
  return {
    element,
    spoken,
    count: (lines: number, errors: number) => {
      news = { lines: news.lines + lines, errors: news.errors + errors };
    },
    update: (figures: StatusFigures) => {
      write(state, STATES[figures.state]);
      write(rate, `${figures.linesPerSecond.toLocaleString("en-US")} lines/s`);
      write(
        count,
        figures.shown === figures.held
          ? `${figures.held.toLocaleString("en-US")} lines`
          : `${figures.shown.toLocaleString("en-US")} of ${figures.held.toLocaleString("en-US")} lines`,
      );
      write(
        behind,
        figures.millisBehind === null ? "" : `${formatDuration(figures.millisBehind)} behind`,
      );
      write(problem, figures.problem === null ? "" : `▲ ${figures.problem}`);
      write(how, figures.how);
      say();
    },
  };
};
