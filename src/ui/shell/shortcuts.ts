import { make, openDialog } from "./dialog.ts";
import { openPalette } from "./palette.ts";

type Shortcut = readonly [keys: string, does: string];

const GO: Readonly<Record<string, string>> = {
  o: "/",
  s: "/streams",
  b: "/buckets",
  l: "/search",
  q: "/quarantine",
  a: "/alerts",
};

const COMMON: readonly Shortcut[] = [
  ["Ctrl K", "go to anything"],
  ["?", "this list"],
  ["/", "filter"],
  ["g o", "overview"],
  ["g s", "streams"],
  ["g b", "buckets"],
  ["g l", "logs"],
  ["g q", "quarantine"],
  ["g a", "alerts"],
];

/** How long after `g` its second letter may come. */
const SEQUENCE_MS = 3_000;
const SWITCH = "shortcuts";

const isOn = (): boolean => localStorage.getItem(SWITCH) !== "off";

const isTyping = ({ target }: Event): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** A page lists its own as `data-shortcuts='[["j","next line"]]'`. */
const ownOfPage = (): Shortcut[] =>
  [...document.querySelectorAll<HTMLElement>("[data-shortcuts]")].flatMap(
    ({ dataset }) => JSON.parse(dataset.shortcuts ?? "[]") as Shortcut[],
  );

const tableOf = (title: string, shortcuts: readonly Shortcut[]): Node =>
  make(
    "section",
    {},
    make("h2", {}, title),
    make(
      "dl",
      { class: "keys" },
      ...shortcuts.flatMap(([keys, does]) => [
        make("dt", {}, ...keys.split(" ").map((key) => make("kbd", {}, key))),
        make("dd", {}, does),
      ]),
    ),
  );

const openSheet = (): void => {
  if (document.querySelector("dialog.dialog")) return;
  const own = ownOfPage();
  const toggle = make("input", { type: "checkbox", id: "shortcut-switch" });
  toggle.checked = isOn();
  toggle.addEventListener("change", () =>
    localStorage.setItem(SWITCH, toggle.checked ? "on" : "off"),
  );
  openDialog(
    "Keyboard",
    make(
      "div",
      { class: "sheet" },
      ...(own.length > 0 ? [tableOf("On this page", own)] : []),
      tableOf("Everywhere", COMMON),
      make("p", {}, toggle, make("label", { for: "shortcut-switch" }, " Single letters are keys")),
    ),
  );
};

const focusFilter = (): boolean => {
  const input = document.querySelector<HTMLInputElement>("[data-filter], main input[type=search]");
  input?.focus();
  input?.select();
  return input !== null;
};

/** Keys that every page has. Letters do nothing while typing, and can be switched off. */
export const startShortcuts = (): void => {
  let goUntil = 0;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (event.key === "?") return openSheet();
    if (!isOn()) return;
    if (event.key === "/" && focusFilter()) return event.preventDefault();
    const isSecond = event.timeStamp < goUntil;
    goUntil = event.key === "g" && !isSecond ? event.timeStamp + SEQUENCE_MS : 0;
    const href = isSecond ? GO[event.key] : undefined;
    if (href !== undefined) location.assign(href);
  });
  for (const button of document.querySelectorAll("[data-open=palette]"))
    button.addEventListener("click", openPalette);
  for (const button of document.querySelectorAll("[data-open=keys]"))
    button.addEventListener("click", openSheet);
};
