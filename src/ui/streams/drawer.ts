import { formatBytes, showInvisible } from "../../shared/core/dashboard/format.ts";
import { fieldsOf } from "../../shared/core/dashboard/streams/line-fields.ts";
import { make } from "../shell/dialog.ts";
import type { Line } from "./line.ts";
import { levelMark } from "./row.ts";

/** Address of the page of a line's record. */
export const recordHref = (stream: string, { shard, seq, index }: Line): string => {
  const query = new URLSearchParams({ tab: "records", shard, seq });
  return `/streams/${encodeURIComponent(stream)}?${query}#i${index}`;
};

/** Puts a text on the clipboard; the button says whether it went. */
const copyButton = (label: string, text: () => string): HTMLButtonElement => {
  const button = make("button", { type: "button", class: "button" }, label);
  button.addEventListener("click", () => {
    navigator.clipboard
      .writeText(text())
      .then(() => {
        button.textContent = "Copied";
      })
      .catch(() => {
        button.textContent = "Not allowed";
      });
  });
  return button;
};

const facts = (pairs: readonly (readonly [string, string])[]): HTMLElement =>
  make(
    "dl",
    {},
    ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
  );

/** Everything about one line; values as the line's text has them. */
export const drawerOf = (stream: string, line: Line, onClose: () => void): HTMLElement => {
  const close = make("button", { type: "button", class: "icon-button", title: "Close (Esc)" }, "✕");
  close.append(make("span", { class: "hidden" }, " details"));
  close.addEventListener("click", onClose);
  const fields = line.encoding === "utf8" && !line.truncated ? fieldsOf(line.raw) : undefined;
  return make(
    "aside",
    { class: "drawer", "aria-label": "Details of the line", tabindex: "-1" },
    make(
      "div",
      { class: "drawer-head" },
      make("b", {}, levelMark(line), ` ${line.level ?? line.reason ?? "log"} · ${line.arrival}`),
      copyButton("Copy", () => line.raw),
      copyButton("Link", () => new URL(recordHref(stream, line), location.href).href),
      close,
    ),
    ...(fields
      ? [facts(fields.map(({ name, value }) => [showInvisible(name), showInvisible(value)]))]
      : []),
    make("h3", {}, "Raw"),
    make("pre", { class: "raw" }, showInvisible(line.raw)),
    ...(line.truncated
      ? [make("p", { class: "note" }, `The first part of ${formatBytes(line.bytes)}.`)]
      : []),
    make("h3", {}, "Where it is"),
    facts([
      ["shard", line.shard],
      ["sequence", line.seq],
      ["index", String(line.index)],
      ["key", showInvisible(line.key)],
      ["bytes", line.bytes.toLocaleString("en-US")],
    ]),
    make(
      "p",
      { class: "pager" },
      make("a", { class: "link", href: recordHref(stream, line) }, "Open the record"),
    ),
  );
};
