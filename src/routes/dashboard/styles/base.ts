/** Tokens, elements, the frame of every page, tables and forms. */
export const baseStyles = `
:root {
  color-scheme: dark;
  --bg: light-dark(#ffffff, #0d1117);
  --panel: light-dark(#f6f8fa, #161b22);
  --raised: light-dark(#eaeef2, #21262d);
  --line: light-dark(#d8dee4, #232a33);
  --control: light-dark(#818b98, #6e7681);
  --text: light-dark(#1f2328, #e6edf3);
  --muted: light-dark(#59636e, #9198a1);
  --accent: light-dark(#0969da, #58a6ff);
  --accent-wash: light-dark(#e6f2ff, #12233a);
  --ok: light-dark(#1a7f37, #3fb950);
  --warn: light-dark(#7d4e00, #e3b341);
  --error: light-dark(#cf222e, #ff7b72);
  --error-wash: light-dark(#ffeceb, #2b181b);
  --info: light-dark(#0550ae, #79c0ff);
  --fatal: light-dark(#8250df, #d2a8ff);
  --warn-wash: light-dark(#fff6d6, #272012);
  --warn-mark: light-dark(#b87a00, #e3b341);
  --q1: light-dark(#e3f0fd, #10253b);
  --q2: light-dark(#b9dbfb, #143a5e);
  --q3: light-dark(#7dbcf5, #1b5488);
  --q4: light-dark(#3a8fe0, #2f7cc4);
  --q5: light-dark(#0a58b0, #6db3fa);
  --area: light-dark(#dde3ea, #222a34);
  --grid: light-dark(#e6eaef, #1d232c);
  --sans: ui-sans-serif, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Cascadia Mono", "DejaVu Sans Mono", "Liberation Mono", monospace;
}
[data-theme="light"] { color-scheme: light; }
[data-theme="auto"] { color-scheme: light dark; }
*, *::before, *::after { box-sizing: border-box; }
/* Sizes are in rem: 13 px at a browser's default, more on very wide screens. */
html { font: 400 81.25%/1.54 var(--sans); background: var(--bg); color: var(--text); font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; scroll-padding-top: 4rem; }
@media (min-width: 2200px) { html { font-size: 106%; } }
@media (min-width: 3400px) { html { font-size: 137%; } }
body { margin: 0; min-height: 100vh; }
h1, h2, p, ol, ul, dl, dd, pre, table { margin: 0; padding: 0; }
ol, ul { list-style: none; }
h1 { font-size: 1.31rem; line-height: 2rem; font-weight: 600; overflow-wrap: anywhere; }
h2 { font-size: 1rem; font-weight: 600; }
a { color: inherit; text-decoration: none; text-underline-offset: 3px; }
a:hover { text-decoration: underline; }
code, .mono { font-family: var(--mono); font-size: .92rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: .6rem; top: -6rem; padding: .6rem 1rem; background: var(--raised); z-index: 9; }
.skip:focus { top: .6rem; }
.muted, .note, .unknown { color: var(--muted); }
.unknown { cursor: help; text-decoration: underline dotted var(--control); }
.link { color: var(--accent); }
.number { text-align: right; }
.tone-ok { color: var(--ok); } .tone-warn { color: var(--warn); } .tone-error { color: var(--error); } .tone-muted, .tone-trace { color: var(--muted); } .tone-fatal { color: var(--fatal); }
.shape { width: .77rem; height: .77rem; fill: currentColor; flex: none; }
.state.tone-ok { color: inherit; }
.state { display: inline-flex; align-items: center; gap: .45rem; white-space: nowrap; }
/* frame */
.top { position: sticky; top: 0; z-index: 5; display: flex; align-items: center; gap: .6rem; height: 3.7rem; padding: 0 1.85rem; background: var(--bg); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: .6rem; font-weight: 600; font-size: 1.08rem; margin-right: 1.2rem; min-height: 24px; }
.brand:hover { text-decoration: none; }
.brand svg { width: 1.55rem; height: 1.55rem; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.brand-accent { stroke: var(--accent); }
.top nav { display: flex; height: 100%; }
.top nav a { display: flex; align-items: center; padding: 0 .8rem; color: var(--muted); border-block: 2px solid transparent; }
.top nav a:hover { color: var(--text); text-decoration: none; }
.top nav a[aria-current] { color: var(--text); border-bottom-color: var(--text); font-weight: 600; }
.badge { min-width: 1.4rem; margin-left: .4rem; padding: 0 .35rem; border-radius: 1rem; background: var(--error); color: var(--bg); font-size: .85rem; line-height: 1.4rem; text-align: center; }
.top-end { margin-left: auto; display: flex; align-items: center; gap: 1rem; font-size: .92rem; color: var(--muted); white-space: nowrap; }
.stage { display: flex; align-items: center; gap: .6rem; }
.stage b { padding: 0 .5rem; border-radius: 4px; font-size: .85rem; letter-spacing: .04em; background: var(--accent-wash); color: var(--accent); }
.icon-button { display: inline-flex; align-items: center; justify-content: center; min-width: 24px; min-height: 28px; padding: 0 .3rem; border-radius: 4px; color: var(--muted); }
.icon-button:hover { color: var(--text); background: var(--raised); text-decoration: none; }
.icon-button svg { width: 1.2rem; height: 1.2rem; }
.button { display: inline-flex; align-items: center; min-height: 28px; padding: 0 .8rem; border: 1px solid var(--control); border-radius: 6px; background: none; color: var(--text); font: inherit; cursor: pointer; white-space: nowrap; }
.button:hover { background: var(--raised); text-decoration: none; }
.button[aria-current] { background: var(--raised); font-weight: 600; }
main { display: block; max-width: 129rem; margin: 0 auto; padding: 1.25rem 1.85rem 3rem; }
.is-stale { color: var(--muted); }
/* The API viewer brings a style sheet of its own. */
html.dark-mode[data-theme] { background: var(--bg); }
.docs h2.title { font-size: 1.31rem; }

/* Without scripts these do nothing. */
@media (scripting: none) { [data-open] { display: none; } }
button.icon-button { border: 0; background: none; font: inherit; cursor: pointer; }
.go { display: inline-flex; align-items: center; gap: .8rem; min-height: 28px; padding: 0 .5rem 0 .8rem; border: 1px solid var(--control); border-radius: 6px; background: none; color: var(--muted); font: inherit; cursor: pointer; }
.go:hover { background: var(--raised); }
kbd { padding: 0 .35rem; border-radius: 4px; background: var(--raised); color: var(--text); font: .85rem/1.5 var(--mono); }
[data-stage="dev"] .stage b, [data-stage="staging"] .stage b { background: var(--warn-wash); color: var(--warn); }
[data-stage="prod"] .stage b { background: var(--error-wash); color: var(--error); }
[data-stage="prod"] .top { box-shadow: inset 0 2px var(--error); }
.dialog { width: min(44rem, calc(100vw - 2rem)); max-height: 80vh; margin: 10vh auto auto; padding: 0; border: 1px solid var(--control); border-radius: 8px; background: var(--bg); color: var(--text); }
.dialog::backdrop { background: rgb(0 0 0 / .5); }
.palette input { width: 100%; padding: .9rem 1.2rem; border: 0; border-bottom: 1px solid var(--line); background: none; color: var(--text); font: inherit; font-size: 1.08rem; outline-offset: -2px; }
.palette li { color: var(--muted); padding: .2rem .6rem; }
.palette a { display: block; padding: .35rem .6rem; border-radius: 4px; }
.palette [aria-selected="true"] a { background: var(--accent-wash); color: var(--text); }
.sheet { padding: 1.2rem; }
.sheet section { margin-bottom: 1.2rem; }
.keys { display: grid; grid-template-columns: repeat(2, max-content 1fr); gap: .4rem 1rem; margin-top: .5rem; }
.keys kbd + kbd { margin-left: .2rem; }

/* sections and tables */
.page-head { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1.25rem; margin-bottom: 1rem; }
.page-head .end { margin-left: auto; display: flex; flex-wrap: wrap; gap: .6rem; }
.section { min-width: 0; margin-top: 2rem; }
.section-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; margin-bottom: .5rem; }
.section-head .note { font-size: .92rem; }
.columns { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 3.4rem; }
.table { width: 100%; border-collapse: collapse; }
.table th, .table td { padding: 0 1.2rem 0 0; text-align: left; font-weight: 400; white-space: nowrap; border-bottom: 1px solid var(--line); }
.table thead th { font-size: .92rem; line-height: 1.9rem; color: var(--muted); }
.table tbody th, .table td { height: 2.5rem; }
.table tbody tr:last-child > * { border-bottom: 0; }
.table tr > :last-child { padding-right: 0; }
.table .number { text-align: right; }
.table tbody tr:hover { background: var(--panel); }
.table a:hover { color: var(--accent); }
.table .wrap { white-space: normal; overflow-wrap: anywhere; }
.row-error > th { box-shadow: inset 2px 0 var(--error); padding-left: .6rem; }
.row-warn > th { box-shadow: inset 2px 0 var(--warn); padding-left: .6rem; }
.row-muted > * { color: var(--muted); }
.scroll { overflow-x: auto; }
.empty { padding: .8rem 0; color: var(--muted); }
.empty pre { margin-top: .6rem; padding: .8rem 1rem; background: var(--panel); border-radius: 6px; color: var(--text); font-family: var(--mono); font-size: .92rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.failure { display: flex; gap: .7rem; align-items: baseline; padding: .7rem 1rem; border-left: 3px solid var(--error); border-radius: 0 6px 6px 0; background: var(--error-wash); color: var(--text); overflow-wrap: anywhere; }
.failure .shape { color: var(--error); }
.facts { display: flex; flex-wrap: wrap; gap: .6rem 2.4rem; margin-bottom: .5rem; }
.facts dt { font-size: .92rem; color: var(--muted); }
.facts dd { overflow-wrap: anywhere; }
`;
