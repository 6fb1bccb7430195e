import { Hono } from "hono";

/** One file for the browser; the version is in its path, so it never changes. */
export type UiFile = {
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
};

/** What src/ui was built into. */
export type UiFiles = {
  /** Path of each entry by its name: `shell` for `src/ui/shell.entry.ts`. */
  readonly entries: Readonly<Record<string, string>>;
  /** The entries, and the chunks and workers they load. */
  readonly files: readonly UiFile[];
};

/** Where nothing was built, as in unit tests: every page is whole without a script. */
export const noUiFiles: UiFiles = { entries: {}, files: [] };

export const createUiRoutes = ({ files }: UiFiles): Hono => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const app = new Hono();
  app.get("/assets/ui/:name", (c, next) => {
    const file = byPath.get(c.req.path);
    if (file === undefined) return next();
    const headers = {
      "Content-Type": file.contentType,
      "Cache-Control": "public, max-age=31536000, immutable",
      ETag: `"${file.path}"`,
    };
    return c.req.header("if-none-match") === headers.ETag
      ? c.body(null, 304, headers)
      : c.body(file.body, 200, headers);
  });
  return app;
};
