const STEPS: Readonly<Record<string, readonly [rows: number, cells: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/** The nearest cell with a link, in steps of one row or column. */
const neighbour = (link: Element, [rows, cells]: readonly [number, number]): HTMLElement | null => {
  const cell = link.closest("td");
  const row = cell?.closest("tr");
  const body = row?.parentElement;
  if (!cell || !row || !body) return null;
  let y = [...body.children].indexOf(row);
  let x = [...row.children].indexOf(cell);
  for (;;) {
    y += rows;
    x += cells;
    const next = body.children[y]?.children[x];
    if (next === undefined) return null;
    const found = next.querySelector("a");
    if (found) return found;
  }
};

/**
 * Arrow keys move over the hours, one tab stop leads in, and what the hour holds is written below
 * while it is pointed at or has the focus.
 */
export const startHeatKeys = (island: HTMLElement): void => {
  const links = () => [...island.querySelectorAll<HTMLElement>(".heat td a")];
  const note = (text: string) => {
    const line = island.querySelector("[data-cell-note]");
    if (line) line.textContent = text;
  };
  const rove = (current: HTMLElement | undefined) => {
    for (const link of links()) link.tabIndex = link === current ? 0 : -1;
  };
  rove(links()[0]);
  island.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement) || !target.matches(".heat td a")) return;
    rove(target);
    note(target.title);
  });
  island.addEventListener("pointerover", ({ target }) => {
    if (target instanceof HTMLElement && target.matches(".heat td a")) note(target.title);
  });
  island.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const { target } = event;
    if (!step || !(target instanceof HTMLElement) || !target.matches(".heat td a")) return;
    event.preventDefault();
    neighbour(target, step)?.focus();
  });
  // A new drawing has new cells: one of them has to lead in again.
  new MutationObserver(() => {
    const all = links();
    if (!all.some(({ tabIndex, title }) => tabIndex === 0 && title !== "")) rove(all[0]);
    else if (all.filter(({ tabIndex }) => tabIndex === 0).length > 1)
      rove(all.find((link) => link === document.activeElement) ?? all[0]);
  }).observe(island, { childList: true, subtree: true });
};
