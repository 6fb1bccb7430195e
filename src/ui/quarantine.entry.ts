/** Buttons that copy the text of another element: `data-copy` is its id. */

const SHOWN_MS = 2_000;

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!(button instanceof HTMLElement)) return;
  const text = document.getElementById(button.dataset.copy ?? "")?.textContent;
  const label = button.firstChild;
  if (!text || label === null) return;
  const say = (word: string): void => {
    const before = label.textContent;
    if (before === word) return;
    label.textContent = word;
    setTimeout(() => {
      label.textContent = before;
    }, SHOWN_MS);
  };
  // Without HTTPS, and on another machine than this, browsers have no clipboard for pages.
  const copying = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("none"));
  copying.then(
    () => say("Copied"),
    () => {
      getSelection()?.selectAllChildren(
        document.getElementById(button.dataset.copy ?? "") ?? button,
      );
      say("Selected");
    },
  );
});
