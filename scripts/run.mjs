import path from "node:path";
import { pathToFileURL } from "node:url";
import { ensureInstalled, root } from "./install.mjs";

const [name, ...args] = process.argv.slice(2);
ensureInstalled();
const { build } = await import("./build.mjs");
await build();
process.argv = [process.argv[0], path.join(root, ".build", `${name}.js`), ...args];
process.setSourceMapsEnabled(true);
// The SDK's note on future Node versions would stand above every command's own output.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
await import(pathToFileURL(process.argv[1]).href);
