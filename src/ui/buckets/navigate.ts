import { patch } from "../shell/patch.ts";

const TIMEOUT_MS = 15_000;

export type Loaded = { page: Document; main: Element; url: string };

/** A page of ours as a document. Failures that come with a page of their own are pages, too. */
export const loadPage = (href: string, signal: AbortSignal): Promise<Loaded> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", href);
    request.responseType = "document";
    request.timeout = TIMEOUT_MS;
    request.onload = () => {
      const page = request.responseXML;
      const main = page?.querySelector("main");
      if (page && main) resolve({ page, main, url: request.responseURL || href });
      else reject(new Error(String(request.status)));
    };
    request.onerror = () => reject(new Error("no answer"));
    request.ontimeout = () => reject(new Error("no answer in time"));
    request.onabort = () => reject(new DOMException("Replaced by a later one.", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send();
  });

export type Navigator = {
  /** Shows another address in place. Whatever was still loading is dropped. */
  go(href: string, how: "push" | "replace" | "none"): Promise<void>;
  /** Loads a page without showing it; undefined where a later load replaced it. */
  fetch(href: string): Promise<Loaded | undefined>;
};

/**
 * Moves within a page by patching it. Every load has a number: one that is no longer the newest is
 * dropped when it arrives, so that an old answer never stands over a newer one.
 */
export const createNavigator = (main: Element, onShown: () => void): Navigator => {
  let newest = 0;
  let under = new AbortController();

  const load = async (href: string): Promise<Loaded | undefined> => {
    newest += 1;
    const mine = newest;
    under.abort();
    under = new AbortController();
    main.setAttribute("aria-busy", "true");
    try {
      const loaded = await loadPage(href, under.signal);
      return mine === newest ? loaded : undefined;
    } catch (error) {
      if (mine !== newest) return undefined;
      throw error;
    } finally {
      if (mine === newest) main.removeAttribute("aria-busy");
    }
  };

  return {
    fetch: load,
    go: async (href, how) => {
      let loaded: Loaded | undefined;
      try {
        loaded = await load(href);
      } catch {
        // The browser says what is wrong better than we could.
        location.assign(href);
        return;
      }
      if (!loaded) return;
      if (how === "push") history.pushState(null, "", loaded.url);
      if (how === "replace") history.replaceState(null, "", loaded.url);
      patch(main, loaded.main);
      main.classList.remove("is-stale");
      document.title = loaded.page.title;
      onShown();
    },
  };
};
