import { render } from "hono/jsx/dom";
import { SearchResults } from "./logs/search.tsx";
import { createSearchClient, type WirePage } from "./logs/search-client.ts";

type Props = {
  form: Readonly<Record<string, string>>;
  result: WirePage | null;
  limit: number;
  curl: string | null;
};

const textOf = (form: HTMLFormElement): Record<string, string> =>
  Object.fromEntries(
    [...new FormData(form)].flatMap(([name, value]) =>
      typeof value === "string" && value !== "" ? [[name, value]] : [],
    ),
  );

const filled = (form: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ""));

// The page has searched once already, within a moment; from here on results come as they are found.
const island = document.querySelector('[data-island="search"]');
const form = document.querySelector("[data-search-form]");
if (island instanceof HTMLElement && form instanceof HTMLFormElement) {
  const props = JSON.parse(island.dataset.props ?? "{}") as Props;
  const client = createSearchClient(
    filled(props.form),
    props.result,
    props.limit,
    props.curl ?? undefined,
  );
  island.replaceChildren();
  render(<SearchResults client={client} />, island);
  // The page's own moment was over; the reader need not press anything for that.
  if (props.result?.stopped_by === "time") void client.more();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = textOf(form);
    history.pushState(null, "", `/search?${new URLSearchParams(asked)}`);
    void client.search(asked);
  });
  addEventListener("popstate", () => {
    const asked = Object.fromEntries(new URLSearchParams(location.search));
    for (const field of form.elements)
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
        field.value = asked[field.name] ?? (field.name === "bucket" ? field.value : "");
    void client.search(textOf(form));
  });
}
