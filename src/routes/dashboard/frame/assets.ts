import { Hono } from "hono";
import { styles } from "../styles/index.ts";

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0d1117"/><g fill="none" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"><path stroke="#e6edf3" d="M7 10h8M7 16h6M7 22h8"/><path stroke="#58a6ff" d="m18 9 7 7-7 7"/></g></svg>`;

/** FNV-1a. A name for a version, no protection against anybody. */
const fingerprint = (text: string): string => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
};

const asset = (name: string, extension: string, contentType: string, body: string) => {
  const version = fingerprint(body);
  return { path: `/assets/${name}-${version}.${extension}`, version, contentType, body };
};

/** Files the pages refer to. The version is in the name, so a browser may keep them for ever. */
export const assets = {
  styles: asset("dashboard", "css", "text/css; charset=utf-8", styles),
  icon: asset("icon", "svg", "image/svg+xml", icon),
} as const;

export const createAssetRoutes = (): Hono => {
  const app = new Hono();
  for (const { path, version, contentType, body } of Object.values(assets)) {
    const headers = {
      "Content-Type": contentType,
      "Cache-Control": "public, max-age=31536000, immutable",
      ETag: `"${version}"`,
    };
    app.get(path, (c) =>
      c.req.header("if-none-match") === headers.ETag
        ? c.body(null, 304, headers)
        : c.body(body, 200, headers),
    );
  }
  return app;
};
