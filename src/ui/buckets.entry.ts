import { createCounter } from "./buckets/count.ts";
import { openDetails, openPrefixCommands, type Store } from "./buckets/details.ts";
import { createNavigator } from "./buckets/navigate.ts";

const TYPING_MS = 250;

const main = document.querySelector("main");

const areLettersKeys = (): boolean => localStorage.getItem("shortcuts") !== "off";

const isTyping = ({ target }: Event): boolean =>
  target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

const storeOf = (): Store | undefined => {
  const text = document.querySelector<HTMLElement>("[data-store]")?.dataset.store;
  return text === undefined ? undefined : (JSON.parse(text) as Store);
};

/** What a form asks for as an address; empty fields are left out. */
const addressOf = (form: HTMLFormElement): string => {
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form))
    if (typeof value === "string" && value !== "") url.searchParams.set(name, value);
  return url.href;
};

const start = (main: Element): void => {
  let counter: (() => void) | undefined;
  let countFor = "";
  const navigator = createNavigator(main, () => {
    counter = undefined;
  });
  let typing = 0;

  /** Adds the next part of a search below what is there. */
  const goOn = async (link: HTMLAnchorElement): Promise<void> => {
    const loaded = await navigator.fetch(link.href);
    const rows = loaded?.main.querySelectorAll("[data-listing] tbody tr") ?? [];
    const coverage = loaded?.main.querySelector("[data-coverage]");
    const body = main.querySelector("[data-listing] tbody");
    if (!coverage || !body) return;
    for (const row of rows) body.append(document.importNode(row, true));
    if (rows.length > 0) main.querySelector("[data-listing] .empty")?.remove();
    link.closest("[data-coverage]")?.replaceWith(document.importNode(coverage, true));
    main.querySelector<HTMLElement>("[data-continue]")?.focus();
  };

  const count = (button: HTMLElement): void => {
    const store = storeOf();
    const status = main.querySelector<HTMLElement>("[data-summary]");
    if (!store || !status) return;
    if (counter === undefined || countFor !== store.prefix)
      counter = createCounter(store.bucket, store.prefix, button, status);
    countFor = store.prefix;
    counter();
  };

  main.addEventListener("click", (event) => {
    if (!(event instanceof MouseEvent) || !(event.target instanceof Element)) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    const link = event.target.closest<HTMLAnchorElement>("a[data-nav], a[data-continue]");
    if (link) {
      event.preventDefault();
      if ("continue" in link.dataset) void goOn(link);
      else void navigator.go(link.href, "push");
      return;
    }
    const button = event.target.closest<HTMLElement>("button");
    const store = storeOf();
    if (!button || !store) return;
    if ("copyPrefix" in button.dataset) openPrefixCommands(store);
    if ("count" in button.dataset) count(button);
    const row = button.closest<HTMLElement>("[data-object]");
    const viewer = row?.querySelector<HTMLAnchorElement>("[data-open-object]")?.href;
    if ("details" in button.dataset && row?.dataset.object !== undefined && viewer)
      openDetails(store, row.dataset.object, viewer);
  });

  main.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("filters" in form.dataset)) return;
    event.preventDefault();
    clearTimeout(typing);
    void navigator.go(addressOf(form), "push");
  });

  main.addEventListener("input", (event) => {
    const { target } = event;
    if (!(target instanceof HTMLInputElement) || !("filter" in target.dataset)) return;
    const { form } = target;
    clearTimeout(typing);
    // A search looks at every key: it waits for Enter.
    if (!form || new FormData(form).get("match") === "contains") return;
    typing = window.setTimeout(() => void navigator.go(addressOf(form), "replace"), TYPING_MS);
  });

  main.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && event.target.form)
      void navigator.go(addressOf(event.target.form), "push");
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (!areLettersKeys() || document.querySelector("dialog[open]")) return;
    if (!["[", "]", "n"].includes(event.key)) return;
    main.querySelector<HTMLAnchorElement>(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
  });

  window.addEventListener("popstate", () => void navigator.go(location.href, "none"));
};

if (main?.querySelector("[data-browser]")) start(main);
