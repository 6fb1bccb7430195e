import path from "node:path";
import { pathToFileURL } from "node:url";
import { ensureInstalled, root } from "./install.mjs";

const [name, ...args] = process.argv.slice(2);
ensureInstalled();
const { build } = await import("./build.mjs");
await build();
process.argv = [process.argv[0], path.join(root, ".build", `${name}.js`), ...args];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(process.argv[1]).href);
