import { make, openDialog } from "./dialog.ts";

type Place = { label: string; href: string };

const MAX_SHOWN = 12;
const DEADLINE_MS = 4_000;

const PAGES: readonly Place[] = [
  { label: "Overview", href: "/" },
  { label: "Streams", href: "/streams" },
  { label: "Buckets", href: "/buckets" },
  { label: "Search logs", href: "/search" },
  { label: "Quarantine", href: "/quarantine" },
  { label: "Alerts", href: "/alerts" },
  { label: "API", href: "/docs" },
];

const namesAt = async (path: string, list: "streams" | "buckets"): Promise<string[]> => {
  const answer = await fetch(path, { signal: AbortSignal.timeout(DEADLINE_MS) });
  if (!answer.ok) return [];
  const body = (await answer.json()) as Partial<Record<typeof list, { name: string }[]>>;
  return (body[list] ?? []).map(({ name }) => name);
};

/** Where one can go: the pages, and every stream and bucket there is. A part that fails is left out. */
const loadPlaces = async (): Promise<Place[]> => {
  const [streams, buckets] = await Promise.all([
    namesAt("/api/kinesis/streams", "streams").catch(() => []),
    namesAt("/api/s3/buckets", "buckets").catch(() => []),
  ]);
  return [
    ...streams.flatMap((name) => {
      const href = `/streams/${encodeURIComponent(name)}`;
      return [
        { label: `${name} › stream`, href },
        { label: `${name} › live tail`, href: `${href}?tab=live` },
      ];
    }),
    ...buckets.flatMap((name) => {
      const href = `/buckets/${encodeURIComponent(name)}`;
      return [
        { label: `${name} › objects`, href },
        { label: `${name} › partitions`, href: `${href}/partitions` },
        { label: `${name} › search`, href: `/search?bucket=${encodeURIComponent(name)}` },
      ];
    }),
  ];
};

/** Every word of the query is in the label. */
const matches = (query: string, { label }: Place): boolean =>
  query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => label.toLowerCase().includes(word));

/** The list to go anywhere by a few letters. */
export const openPalette = (): void => {
  if (document.querySelector("dialog.dialog")) return;
  let places: readonly Place[] = PAGES;
  let selected = 0;
  const input = make("input", {
    type: "text",
    placeholder: "Go to a page, stream or bucket …",
    "aria-label": "Go to",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    autocomplete: "off",
    spellcheck: "false",
  });
  const list = make("ul", { id: "palette-list", role: "listbox", "aria-label": "Places" });

  const show = () => {
    const found = places.filter((place) => matches(input.value, place)).slice(0, MAX_SHOWN);
    selected = Math.min(selected, Math.max(0, found.length - 1));
    const items = found.map(({ label, href }, index) =>
      make(
        "li",
        { role: "option", id: `place-${index}`, "aria-selected": String(index === selected) },
        make("a", { href, tabindex: "-1" }, label),
      ),
    );
    list.replaceChildren(...(items.length > 0 ? items : [make("li", {}, "Nothing is called so.")]));
    input.setAttribute("aria-activedescendant", items.length > 0 ? `place-${selected}` : "");
  };

  input.addEventListener("input", () => {
    selected = 0;
    show();
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      selected = Math.max(0, selected + step);
      show();
    }
    if (event.key === "Enter")
      list.querySelector<HTMLAnchorElement>('[aria-selected="true"] a')?.click();
  });
  show();
  const dialog = openDialog("Go to", make("div", { class: "palette" }, input, list));
  input.focus();
  void loadPlaces().then((more) => {
    places = [...PAGES, ...more];
    if (dialog.open) show();
  });
};
