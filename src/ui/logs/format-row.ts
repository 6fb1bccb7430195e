import { parseText } from "../../shared/core/dashboard/logs/log-filter.ts";

export const isLocalZone = (): boolean => document.querySelector("[data-zone=local]") !== null;

const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");

const partsOf = (ms: number) => {
  const time = new Date(ms);
  return isLocalZone()
    ? {
        date: `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`,
        clock: `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`,
      }
    : { date: time.toISOString().slice(0, 10), clock: time.toISOString().slice(11, 23) };
};

/** `13:52:16.397`, in the zone the reader chose. */
export const clockOf = (ms: number): string => partsOf(ms).clock;

/** `2026-11-22 13:52:16.397`, with the zone. */
export const fullTimeOf = (ms: number): string => {
  const { date, clock } = partsOf(ms);
  return `${date} ${clock} ${isLocalZone() ? "local" : "UTC"}`;
};

/** For axes: the date where a span has several. */
export const axisTimeOf = (ms: number, spanMs: number): string => {
  const { date, clock } = partsOf(ms);
  if (spanMs > 2 * 86_400_000) return date.slice(5);
  if (spanMs > 43_200_000) return `${date.slice(8)} ${clock.slice(0, 5)}`;
  return spanMs > 600_000 ? clock.slice(0, 5) : spanMs > 10_000 ? clock.slice(0, 8) : clock;
};

/** `+1.250 s` */
export const differenceOf = (ms: number): string => {
  const sign = ms < 0 ? "−" : "+";
  const size = Math.abs(ms);
  if (size < 60_000) return `${sign}${(size / 1_000).toFixed(3)} s`;
  const minutes = Math.floor(size / 60_000);
  if (minutes < 60) return `${sign}${minutes} m ${pad(Math.floor(size / 1_000) % 60)} s`;
  return `${sign}${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
};

const MAX_MARKS = 30;

/** The text with what was searched for in `<mark>`; text stays text. */
export const highlight = (text: string, q: string): (Node | string)[] => {
  const terms = termsOf(q);
  if (terms.length === 0) return [text];
  const lower = text.toLowerCase();
  // A letter that changes its length in lower case would shift every place behind it.
  if (lower.length !== text.length) return [text];
  const parts: (Node | string)[] = [];
  let at = 0;
  for (let count = 0; count < MAX_MARKS; count += 1) {
    let next = -1;
    let length = 0;
    for (const term of terms) {
      const found = lower.indexOf(term, at);
      if (found >= 0 && (next < 0 || found < next)) {
        next = found;
        length = term.length;
      }
    }
    if (next < 0) break;
    if (next > at) parts.push(text.slice(at, next));
    const mark = document.createElement("mark");
    mark.textContent = text.slice(next, next + length);
    parts.push(mark);
    at = next + length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
};

let lastQuery = "";
let lastTerms: string[] = [];

const termsOf = (q: string): string[] => {
  if (q !== lastQuery) {
    lastQuery = q;
    lastTerms = parseText(q)
      .texts.filter(({ isNegated }) => !isNegated)
      .map(({ text }) => text.toLowerCase());
  }
  return lastTerms;
};
