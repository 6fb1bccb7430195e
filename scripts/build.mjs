import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { root } from "./install.mjs";

const outdir = path.join(root, ".build");
const OLD_FILE_MS = 60_000;
const stampFile = path.join(outdir, "stamp");

const listFiles = (directory) =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(directory, entry.name);
    return entry.isDirectory() ? listFiles(file) : [file];
  });

const entryPoints = () =>
  ["src/local", "bench", "tests/processes"].flatMap((folder) => {
    try {
      return readdirSync(path.join(root, folder), { withFileTypes: true })
        .filter((entry) => entry.isFile() && /^[a-z0-9-]+\.main\.ts$/.test(entry.name))
        .map((entry) => path.join(root, folder, entry.name));
    } catch {
      return [];
    }
  });

const sourceStamp = () => {
  const hash = createHash("sha256");
  for (const folder of ["src", "bench", "tests/processes"]) {
    let files = [];
    try {
      files = listFiles(path.join(root, folder));
    } catch {
      continue;
    }
    for (const file of files.sort())
      hash.update(`${file}:${statSync(file).mtimeMs}:${statSync(file).size}\n`);
  }
  for (const file of ["package-lock.json", "scripts/build.mjs"])
    hash.update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
};

const readStamp = () => {
  try {
    return readFileSync(stampFile, "utf8");
  } catch {
    return undefined;
  }
};

/** Renamed into place: a part that is being restarted meanwhile never reads half a file. */
const writeWhole = (file, contents) => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, contents);
  renameSync(`${file}.${process.pid}`, file);
};

const uiEntryPoints = () =>
  readdirSync(path.join(root, "src/ui")).filter((name) => /\.(entry\.tsx?|worker\.ts)$/.test(name));

/**
 * Bundles `src/ui/*.entry.ts(x)` and `*.worker.ts` for the browser into `.build/ui/`, with hashes in
 * their names, and a manifest that says what is there.
 */
const buildUi = async (bundle) => {
  const folder = path.join(outdir, "ui");
  const { outputFiles, metafile } = await bundle({
    entryPoints: uiEntryPoints().map((name) => path.join(root, "src/ui", name)),
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    minify: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    outdir: folder,
    entryNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    write: false,
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
    jsx: "automatic",
    jsxImportSource: "hono/jsx/dom",
  });
  const files = outputFiles.map(({ path: file, contents }) => {
    writeWhole(file, contents);
    const name = path.relative(folder, file);
    const type = name.endsWith(".css") ? "text/css" : "text/javascript";
    return { name, path: `/assets/ui/${name}`, contentType: `${type}; charset=utf-8` };
  });
  const entries = {};
  for (const [file, { entryPoint, cssBundle }] of Object.entries(metafile.outputs)) {
    if (entryPoint === undefined || !uiEntryPoints().includes(path.basename(entryPoint))) continue;
    const name = path.basename(entryPoint).replace(/(\.entry)?\.tsx?$/, "");
    entries[name] = `/assets/ui/${path.basename(file)}`;
    if (cssBundle) entries[`${name}.css`] = `/assets/ui/${path.basename(cssBundle)}`;
  }
  writeWhole(path.join(folder, "manifest.json"), JSON.stringify({ entries, files }));
  // A package would carry old ones along; a server that starts just now may still read them.
  const names = new Set(["manifest.json", ...files.map(({ name }) => name)]);
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (!names.has(name) && Date.now() - statSync(file).mtimeMs > OLD_FILE_MS)
      rmSync(file, { force: true });
  }
};

/**
 * Bundles every `*.main.ts` into `.build/<name>.js` and the browser's scripts into `.build/ui/`,
 * unless the sources are as they were.
 */
export const build = async () => {
  const stamp = sourceStamp();
  if (readStamp() === stamp) return;
  const { build: bundle } = await import("esbuild");
  await buildUi(bundle);
  const { outputFiles } = await bundle({
    entryPoints: Object.fromEntries(
      entryPoints().map((file) => [path.basename(file, ".main.ts"), file]),
    ),
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outdir,
    write: false,
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "warning",
    jsx: "automatic",
    jsxImportSource: "hono/jsx",
    // CommonJS dependencies inside an ESM bundle still call require().
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  for (const { path: file, contents } of outputFiles) writeWhole(file, contents);
  writeFileSync(stampFile, stamp);
};
