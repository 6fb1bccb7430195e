import { readFileSync } from "node:fs";
import path from "node:path";

const root = path.dirname(path.dirname(import.meta.dirname));
const FENCE = /^```(\w+) ([\w.-]+)\n(.*?)^```$/gms;

export type Snippet = { readonly language: string; readonly name: string; readonly text: string };

/** The snippets of a page that carry a file name, in the order of the page. */
export const snippetsOf = (page: string): readonly Snippet[] => {
  const text = readFileSync(path.join(root, page), "utf8");
  return [...text.matchAll(FENCE)].map(([, language = "", name = "", body = ""]) => ({
    language,
    name,
    text: body,
  }));
};
