import type { Child, FC, PropsWithChildren } from "hono/jsx";
import { assets } from "./assets.ts";
import type { Preferences } from "./preferences.ts";

/** What every page shows of where it runs, and the scripts there are. */
export type Frame = {
  stage: string;
  endpoint: string;
  region: string;
  /** Paths of the built entries of src/ui by name; a page whose script is missing goes without. */
  scripts?: Readonly<Record<string, string>>;
};

export type SectionName =
  | "overview"
  | "streams"
  | "buckets"
  | "logs"
  | "quarantine"
  | "alerts"
  | "docs"
  | "none";

export type LayoutProps = PropsWithChildren<{
  frame: Frame;
  preferences: Preferences;
  /** Path and query of this page. */
  here: string;
  /** Alerts that fire. */
  firing: number;
  title: string;
  section: SectionName;
  /** Entries of src/ui this page needs beside the shell. */
  scripts?: readonly string[];
  /** Paths of style sheets this page needs beside the common one. */
  styles?: readonly string[];
  /** Uses the whole width and height of the window, as the log viewer does. */
  isWide?: boolean;
  /** Absent on pages whose content never changes. */
  refresh?: { isPaused: boolean; toggleHref: string; updatedAt: string } | undefined;
}>;

const NAVIGATION = [
  ["overview", "/", "Overview"],
  ["streams", "/streams", "Streams"],
  ["buckets", "/buckets", "Buckets"],
  ["logs", "/search", "Logs"],
  ["quarantine", "/quarantine", "Quarantine"],
  ["alerts", "/alerts", "Alerts"],
] as const;

const NEXT_THEME = { dark: "light", light: "auto", auto: "dark" } as const;
const NEXT_ZONE = { utc: "local", local: "utc" } as const;
const ZONE_LABEL = { utc: "UTC", local: "Local" } as const;

const Brand: FC = () => (
  <a class="brand" href="/">
    <svg viewBox="0 0 20 20" aria-hidden="true">
      <path d="M2 5h7M2 10h5M2 15h7" />
      <path class="brand-accent" d="m11 4 6 6-6 6" />
    </svg>
    ingest
  </a>
);

const preferenceLink = (name: "theme" | "zone", value: string, here: string): string =>
  `/preferences?${name}=${value}&back=${encodeURIComponent(here)}`;

const PreferenceLinks: FC<{ preferences: Preferences; here: string }> = ({
  preferences: { theme, zone },
  here,
}) => (
  <>
    <a
      class="icon-button"
      href={preferenceLink("zone", NEXT_ZONE[zone], here)}
      data-zone={zone}
      title={`Times are in ${ZONE_LABEL[zone]}. Show them in ${ZONE_LABEL[NEXT_ZONE[zone]]}.`}
    >
      {ZONE_LABEL[zone]}
    </a>
    <a
      class="icon-button"
      href={preferenceLink("theme", NEXT_THEME[theme], here)}
      title={`Theme: ${theme}. Change to ${NEXT_THEME[theme]}.`}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5" />
        <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />
      </svg>
      <span class="hidden">Theme</span>
    </a>
    <button type="button" class="icon-button" data-open="keys" title="Keyboard (?)">
      ?<span class="hidden"> keyboard</span>
    </button>
  </>
);

const Scripts: FC<{ names: readonly string[]; paths: Readonly<Record<string, string>> }> = ({
  names,
  paths,
}) => (
  <>
    {names.map((name) =>
      paths[name] === undefined ? null : <script type="module" src={paths[name]} />,
    )}
  </>
);

/** `data-worker-<name>`: where a script finds its workers. */
const workerAttributes = (paths: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(paths)
      .filter(([name]) => name.endsWith(".worker"))
      .map(([name, path]) => [`data-worker-${name.slice(0, -".worker".length)}`, path]),
  );

export const Layout: FC<LayoutProps> = ({
  frame,
  preferences,
  here,
  firing,
  title,
  section,
  scripts = [],
  styles = [],
  isWide,
  refresh,
  children,
}) => (
  <html
    lang="en"
    data-theme={preferences.theme}
    data-stage={frame.stage}
    {...workerAttributes(frame.scripts ?? {})}
  >
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{`${title} · ingest`}</title>
      <link rel="stylesheet" href={assets.styles.path} />
      {styles.map((path) => (
        <link rel="stylesheet" href={path} />
      ))}
      <link rel="icon" href={assets.icon.path} type="image/svg+xml" />
      {refresh && !refresh.isPaused ? (
        <noscript>
          <meta http-equiv="refresh" content="10" />
        </noscript>
      ) : null}
      <Scripts names={["shell", ...scripts]} paths={frame.scripts ?? {}} />
    </head>
    <body class={isWide ? "wide" : undefined}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <Brand />
        <nav aria-label="Main">
          {NAVIGATION.map(([name, href, label]) => (
            <a href={href} aria-current={name === section ? "page" : undefined}>
              {label}
              {name === "alerts" && firing > 0 ? <b class="badge">{firing}</b> : null}
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
          <button type="button" class="go" data-open="palette" aria-keyshortcuts="Control+K">
            <span>Go to…</span> <kbd>Ctrl K</kbd>
          </button>
          <PreferenceLinks preferences={preferences} here={here} />
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
