/** What runs in the page, as text: this folder is type-checked without a browser's names. */

const DEADLINE_MS = 30_000;

/**
 * Looks in every frame until an expression has a value. Compiled once, from outside: the pages let
 * nobody make code of text.
 */
export const until = (expression: string): string => `new Promise((resolve, reject) => {
  const deadline = performance.now() + ${DEADLINE_MS};
  const look = () => {
    const value = ${expression};
    if (value !== undefined) resolve(value);
    else if (performance.now() > deadline) reject(new Error("Not within ${DEADLINE_MS} ms."));
    else requestAnimationFrame(look);
  };
  look();
})`;

export const FIRST_PAINT = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime`;

/** Scrolls a list from its beginning to its end in 120 steps; the milliseconds of each frame. */
export const scrollFrames = (selector: string): string => `(async () => {
  const list = document.querySelector(${JSON.stringify(selector)});
  const times = [];
  let before = await new Promise(requestAnimationFrame);
  for (let step = 1; step <= 120; step += 1) {
    list.scrollTop = ((list.scrollHeight - list.clientHeight) * step) / 120;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  return times;
})()`;

/** Notes when a key was pressed, and when the list has another number of rows. */
export const watchFilter = (selector: string): string => `(() => {
  const list = document.querySelector(${JSON.stringify(selector)});
  const before = list.getAttribute("aria-rowcount");
  document.addEventListener("input", () => { globalThis.benchStart = performance.now(); }, { capture: true });
  new MutationObserver(() => {
    if (list.getAttribute("aria-rowcount") !== before) globalThis.benchEnd ??= performance.now();
  }).observe(list, { attributeFilter: ["aria-rowcount"] });
})()`;

export const FILTER_TIME =
  "(globalThis.benchEnd === undefined ? undefined : globalThis.benchEnd - globalThis.benchStart)";

export const WATCH_TASKS = `(() => {
  globalThis.benchTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.benchTasks.push(duration);
  }).observe({ type: "longtask" });
})()`;

export const FORGET_TASKS = "void (globalThis.benchTasks.length = 0)";

export const TASKS = "globalThis.benchTasks";
