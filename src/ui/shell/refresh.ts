import { patch } from "./patch.ts";

const INTERVAL_MS = 10_000;

/** Fired on the document when the page's content was renewed. */
export const REFRESHED = "dashboard:refreshed";

// A document by XMLHttpRequest: fetch would need a parser that Trusted Types forbid.
const loadPage = (): Promise<{ page: Document; main: Element }> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.responseType = "document";
    request.timeout = INTERVAL_MS;
    request.onload = () => {
      const page = request.responseXML;
      const main = request.status === 200 ? page?.querySelector("main") : undefined;
      if (page && main) resolve({ page, main });
      else reject(new Error(String(request.status)));
    };
    request.onerror = () => reject(new Error("no answer"));
    request.ontimeout = () => reject(new Error("no answer in time"));
    request.send();
  });

const isReadingIn = (main: Element): boolean => {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && main.contains(selection.anchorNode);
};

/**
 * Every 10 s fetches the page again and patches what changed. It waits while the tab is hidden,
 * text is selected or the reader has paused it. What failed stays, marked as old.
 */
export const startRefresh = (): void => {
  const main = document.querySelector("main");
  const control = document.querySelector<HTMLElement>("[data-refresh]");
  const status = document.querySelector("[data-refresh-status]");
  if (!main || !control || !status) return;
  let isPaused = control.dataset.refresh === "off";
  let isBusy = false;
  let lastAt = Date.now();

  const refresh = async (): Promise<void> => {
    if (isBusy || isPaused) return;
    isBusy = true;
    try {
      const asked = location.href;
      const { page, main: fresh } = await loadPage();
      // A script may have led on to another state of the page meanwhile.
      if (isPaused || location.href !== asked) return;
      patch(main, fresh);
      main.classList.remove("is-stale");
      status.textContent = page.querySelector("[data-refresh-status]")?.textContent ?? "";
      document.title = page.title;
      lastAt = Date.now();
      document.dispatchEvent(new Event(REFRESHED));
    } catch {
      main.classList.add("is-stale");
      status.textContent = `No answer since ${new Date(lastAt).toISOString().slice(11, 19)}Z`;
    } finally {
      isBusy = false;
    }
  };

  setInterval(() => {
    if (!document.hidden && !isReadingIn(main)) void refresh();
  }, INTERVAL_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - lastAt > INTERVAL_MS) void refresh();
  });
  control.addEventListener("click", (event) => {
    event.preventDefault();
    isPaused = !isPaused;
    control.textContent = isPaused ? "Resume" : "Pause";
    const url = new URL(location.href);
    if (isPaused) url.searchParams.set("refresh", "off");
    else url.searchParams.delete("refresh");
    history.replaceState(history.state, "", url);
    void refresh();
  });
};
