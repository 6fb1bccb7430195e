import type { Context } from "hono";
import type { Child } from "hono/jsx";
import { formatTime, showInvisible } from "../../../shared/core/dashboard/format.ts";
import type { Logger } from "../../../shared/core/logger.ts";
import { describeError } from "../errors.ts";
import { type Frame, Layout, type LayoutProps } from "./layout.tsx";
import { MessagePage } from "./message.tsx";
import { preferencesOf } from "./preferences.ts";

export type PageOptions = Pick<
  LayoutProps,
  "title" | "section" | "scripts" | "styles" | "isWide"
> & {
  status?: 200 | 400 | 404 | 500 | 502 | 503;
  /** For pages whose content never changes: they are not refreshed. */
  isStill?: boolean;
};

export type RenderPage = (c: Context, options: PageOptions, body: Child) => Response;

export type PageRenderer = {
  /** A whole page in the common frame. */
  render: RenderPage;
  /** The page for a name that nothing has. */
  notFound(c: Context, what: string, name: string): Response;
  /** For `app.onError`: any thrown error as a page; unexpected ones are logged. */
  failed(error: Error, c: Context): Response;
};

export const createPageRenderer = ({
  frame,
  firing,
  log,
  now,
}: {
  frame: Frame;
  /** How many alerts fire; null where that is not known before one looks. */
  firing: () => number | null;
  log: Logger;
  now: () => number;
}): PageRenderer => {
  const render: RenderPage = (c, { status, isStill, ...options }, body) => {
    const url = new URL(c.req.url);
    const here = url.pathname + url.search;
    const isPaused = url.searchParams.get("refresh") === "off";
    if (isPaused) url.searchParams.delete("refresh");
    else url.searchParams.set("refresh", "off");
    const refresh = {
      isPaused,
      toggleHref: url.pathname + url.search,
      updatedAt: `Updated ${formatTime(new Date(now())).slice(11)}`,
    };
    const page = (
      <Layout
        frame={frame}
        preferences={preferencesOf(c)}
        here={here}
        firing={firing() ?? 0}
        {...options}
        refresh={isStill ? undefined : refresh}
      >
        {body}
      </Layout>
    );
    c.header("Cache-Control", "no-store");
    return c.html(`<!doctype html>${page}`, status ?? 200) as Response;
  };
  return {
    render,
    notFound: (c, what, name) =>
      render(
        c,
        { title: "Not found", section: "none", status: 404, isStill: true },
        <MessagePage
          title="Not found"
          message={`There is no ${what} named ${showInvisible(name)}.`}
        />,
      ),
    failed: (error, c) => {
      const { status, detail } = describeError(error);
      if (status === 500) log.error({ err: error }, "A dashboard page failed unexpectedly.");
      return render(
        c,
        { title: "Not available", section: "none", status: status as 500 },
        <MessagePage title="Not available" message={detail} />,
      );
    },
  };
};
