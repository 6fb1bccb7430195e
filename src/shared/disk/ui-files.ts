import { readFileSync } from "node:fs";
import path from "node:path";

/** The build's own list of what it made of src/ui. */
type Manifest = {
  entries: Record<string, string>;
  files: { name: string; path: string; contentType: string }[];
};

type UiFiles = {
  entries: Record<string, string>;
  files: { path: string; contentType: string; body: Uint8Array<ArrayBuffer> }[];
};

/** The browser's files, from the folder the build wrote them to. Throws where there is none. */
export const readUiFiles = (folder: string): UiFiles => {
  const manifest: Manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
  return {
    entries: manifest.entries,
    files: manifest.files.map(({ name, ...file }) => ({
      ...file,
      body: Uint8Array.from(readFileSync(path.join(folder, name))),
    })),
  };
};
