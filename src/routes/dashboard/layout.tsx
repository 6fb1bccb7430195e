import type { Child, FC, PropsWithChildren } from "hono/jsx";
import { assets } from "./assets.ts";

/** What every page shows of where it runs. */
export type Frame = { stage: string; endpoint: string; region: string };

export type LayoutProps = PropsWithChildren<{
  frame: Frame;
  title: string;
  section: "overview" | "streams" | "buckets" | "none";
  /** Absent on pages whose content never changes. */
  refresh?: { isPaused: boolean; toggleHref: string; updatedAt: string } | undefined;
}>;

const NAVIGATION = [
  ["overview", "/", "Overview"],
  ["streams", "/streams", "Streams"],
  ["buckets", "/buckets", "Buckets"],
] as const;

const Brand: FC = () => (
  <a class="brand" href="/">
    <svg viewBox="0 0 20 20" aria-hidden="true">
      <path d="M2 5h7M2 10h5M2 15h7" />
      <path class="brand-accent" d="m11 4 6 6-6 6" />
    </svg>
    ingest
  </a>
);

export const Layout: FC<LayoutProps> = ({ frame, title, section, refresh, children }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{`${title} · ingest`}</title>
      <link rel="stylesheet" href={assets.styles.path} />
      <link rel="icon" href={assets.icon.path} type="image/svg+xml" />
      {refresh && !refresh.isPaused ? (
        <noscript>
          <meta http-equiv="refresh" content="10" />
        </noscript>
      ) : null}
      {refresh ? <script src={assets.script.path} defer /> : null}
    </head>
    <body>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <Brand />
        <nav aria-label="Main">
          {NAVIGATION.map(([name, href, label]) => (
            <a href={href} aria-current={name === section ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <div class="top-end">
          <p class="stage">
            <b>{frame.stage.toUpperCase()}</b>
            <span class="wide-only">
              {frame.endpoint} · {frame.region}
            </span>
          </p>
          {refresh ? (
            <>
              <p class="updated" data-refresh-status role="status" aria-live="off">
                {refresh.updatedAt}
              </p>
              <a
                class="button"
                href={refresh.toggleHref}
                data-refresh={refresh.isPaused ? "off" : "on"}
                title="This page refreshes every 10 s."
              >
                {refresh.isPaused ? "Resume" : "Pause"}
              </a>
            </>
          ) : null}
        </div>
      </header>
      <main id="main">{children}</main>
    </body>
  </html>
);

/** `bucket / folder / folder`, the last one being where we are. */
export const Crumbs: FC<{ items: readonly { label: Child; href?: string }[] }> = ({ items }) => (
  <nav class="crumbs" aria-label="Where this is">
    <ol>
      {items.map(({ label, href }) => (
        <li>{href ? <a href={href}>{label}</a> : <span aria-current="page">{label}</span>}</li>
      ))}
    </ol>
  </nav>
);
