import {
  type CommandContext,
  objectCommands,
  prefixCommands,
  type Snippet,
} from "../../shared/core/dashboard/buckets/commands.ts";
import { formatBytes, formatCount, showInvisible } from "../../shared/core/dashboard/format.ts";
import { make, openDialog } from "../shell/dialog.ts";
import { copyText } from "./copy.ts";

export type Store = CommandContext & { prefix: string; table: string; presignSeconds: number };

const LINES = 10;
const DEADLINE_MS = 10_000;

type ObjectAnswer = {
  size: number;
  last_modified: string | null;
  content_type: string | null;
  metadata: Record<string, string>;
};

const copyButton = (label: string, text: () => Promise<string> | string): HTMLButtonElement => {
  const button = make("button", { type: "button", class: "button" }, label);
  button.addEventListener("click", () => {
    void (async () => {
      try {
        await copyText(await text(), button);
      } catch (error) {
        button.textContent = error instanceof Error ? error.message : "That failed";
      }
    })();
  });
  return button;
};

const snippetList = (snippets: readonly Snippet[]): HTMLElement =>
  make(
    "div",
    { class: "snippets" },
    ...snippets.map(({ name, text }) =>
      make(
        "details",
        {},
        make("summary", {}, name),
        copyButton("Copy", () => text),
        make("pre", {}, text),
      ),
    ),
  );

const presign = async (bucket: string, key: string): Promise<string> => {
  const answer = await fetch(
    `/api/s3/presign?bucket=${encodeURIComponent(bucket)}&key=${encodeURIComponent(key)}`,
    { signal: AbortSignal.timeout(DEADLINE_MS) },
  );
  const body = (await answer.json()) as { url?: string; detail?: string };
  if (body.url === undefined) throw new Error(body.detail ?? "No link was given.");
  return body.url;
};

const apiOf = (bucket: string, key: string): string =>
  `/api/s3/object/${encodeURIComponent(bucket)}/_?key=${encodeURIComponent(key)}`;

/** The lines as they are stored: what is between the brackets of `logs` is never parsed. */
const rawLines = (text: string): string[] => {
  const start = text.indexOf('"logs":[');
  const body = text.slice(start + '"logs":['.length, text.lastIndexOf("]"));
  const lines: string[] = [];
  let depth = 0;
  let isText = false;
  let from = 0;
  for (let index = 0; index < body.length; index += 1) {
    const character = body[index];
    if (isText) {
      if (character === "\\") index += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    else if (character === "," && depth === 0) {
      lines.push(body.slice(from, index));
      from = index + 1;
    }
  }
  if (body.length > from) lines.push(body.slice(from));
  return lines;
};

const loadPreview = async (bucket: string, key: string, into: HTMLElement): Promise<void> => {
  try {
    const answer = await fetch(`${apiOf(bucket, key)}&lines=${LINES}`, {
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await answer.text();
    const body = JSON.parse(text) as Partial<ObjectAnswer> & { detail?: string };
    if (!answer.ok) throw new Error(body.detail ?? String(answer.status));
    const rows: [string, string][] = [
      ["size", `${formatCount(body.size ?? 0)} bytes, ${formatBytes(body.size ?? 0)}`],
      ["modified", body.last_modified ?? "S3 did not say"],
      ["content type", body.content_type ?? "S3 did not say"],
      ...Object.entries(body.metadata ?? {}),
    ];
    into.replaceChildren(
      make(
        "dl",
        { class: "meta" },
        ...rows.flatMap(([name, value]) => [
          make("dt", {}, showInvisible(name)),
          make("dd", {}, showInvisible(value)),
        ]),
      ),
      make("h3", {}, `First ${LINES} lines, as stored`),
      make(
        "ol",
        { class: "first-lines" },
        ...rawLines(text).map((line) => make("li", {}, showInvisible(line.slice(0, 2_000)))),
      ),
    );
  } catch (error) {
    into.replaceChildren(
      make("p", { class: "failure" }, error instanceof Error ? error.message : "That failed."),
    );
  }
};

/** What an object is, its first lines, and every way to take it along. */
export const openDetails = (store: Store, key: string, viewer: string): void => {
  const preview = make(
    "div",
    { class: "object-preview" },
    make("p", { class: "note" }, "Reading …"),
  );
  const minutes = Math.round(store.presignSeconds / 60);
  const span = store.presignSeconds < 120 ? `${store.presignSeconds} s` : `${minutes} min`;
  const link =
    store.presignSeconds > 0
      ? [copyButton(`Copy a link, good for ${span}`, () => presign(store.bucket, key))]
      : [];
  const close = make("button", { type: "button", class: "button" }, "Close");
  const dialog = openDialog(
    "Object",
    make(
      "div",
      { class: "sheet object-sheet" },
      make("h2", { class: "mono" }, showInvisible(key)),
      make(
        "p",
        { class: "sheet-actions" },
        make("a", { class: "button", href: viewer }, "Open in viewer"),
        make("a", { class: "button", href: `${apiOf(store.bucket, key)}&view=raw` }, "Download"),
        copyButton("Copy key", () => key),
        ...link,
        close,
      ),
      make("h3", {}, "Copy as"),
      snippetList(objectCommands(store, key, { origin: location.origin, table: store.table })),
      preview,
    ),
  );
  dialog.classList.add("is-object");
  close.addEventListener("click", () => dialog.close());
  void loadPreview(store.bucket, key, preview);
};

/** Every way to list or query what is below this prefix. */
export const openPrefixCommands = (store: Store): void => {
  openDialog(
    "Copy as",
    make(
      "div",
      { class: "sheet" },
      make(
        "h2",
        {},
        "Everything below ",
        make("code", {}, showInvisible(store.prefix) || store.bucket),
      ),
      snippetList(
        prefixCommands(store, store.prefix, { origin: location.origin, table: store.table }),
      ),
    ),
  );
};
