/** The one style sheet. Every text and background pair is at least 4.5:1 in both schemes. */
export const styles = `
:root {
  color-scheme: light dark;
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
  --q1: light-dark(#eef6ff, #0f2033);
  --q2: light-dark(#d9ebfd, #122d48);
  --q3: light-dark(#bfdefb, #163d62);
  --q4: light-dark(#a3cff8, #1b4d7c);
  --q5: light-dark(#86bff4, #215d95);
  --sans: ui-sans-serif, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Cascadia Mono", "DejaVu Sans Mono", "Liberation Mono", monospace;
}
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
.top-end { margin-left: auto; display: flex; align-items: center; gap: 1rem; font-size: .92rem; color: var(--muted); white-space: nowrap; }
.stage { display: flex; align-items: center; gap: .6rem; }
.stage b { padding: 0 .5rem; border-radius: 4px; font-size: .85rem; letter-spacing: .04em; background: var(--accent-wash); color: var(--accent); }
.button { display: inline-flex; align-items: center; min-height: 28px; padding: 0 .8rem; border: 1px solid var(--control); border-radius: 6px; background: none; color: var(--text); font: inherit; cursor: pointer; white-space: nowrap; }
.button:hover { background: var(--raised); text-decoration: none; }
.button[aria-current] { background: var(--raised); font-weight: 600; }
main { display: block; max-width: 129rem; margin: 0 auto; padding: 1.25rem 1.85rem 3rem; }
.is-stale { color: var(--muted); }

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

/* the pipe */
.pipe { display: grid; grid-template-columns: minmax(0, 1fr) 12rem minmax(0, 1fr) 12rem minmax(0, 1fr); background: var(--panel); border-radius: 6px; padding: 1.25rem 1.55rem; }
.node h2 { display: flex; align-items: center; gap: .6rem; }
.node h2 .muted { font-weight: 400; }
.figure { font-size: 1.7rem; line-height: 2.5rem; font-weight: 600; letter-spacing: -.01em; white-space: nowrap; }
.figure small { font-size: 1rem; font-weight: 400; color: var(--muted); letter-spacing: 0; }
.figure .unknown { font-weight: 400; }
.node p:not(.figure) { font-size: .92rem; color: var(--muted); }
.flow { display: flex; flex-direction: column; justify-content: center; padding: 0 1.2rem; text-align: center; font-size: .92rem; color: var(--muted); white-space: nowrap; }
.flow b { color: var(--text); font-weight: 600; }
.wire { position: relative; height: 1.4rem; }
.wire::before { content: ""; position: absolute; left: 0; right: 4px; top: calc(50% - 1px); border-top: 2px solid var(--control); }
.wire::after { content: ""; position: absolute; right: 0; top: calc(50% - 6px); border: 6px solid transparent; border-left: 8px solid var(--control); border-right: 0; }
.flow-cut b { color: var(--error); }
.flow-cut .wire::before { border-top-style: dashed; border-color: var(--error); }
.flow-cut .wire::after { border-left-color: var(--error); }

/* key figures and attention */
.tiles { display: grid; grid-template-columns: repeat(7, minmax(0, 1fr)); margin-top: 1.25rem; }
.tiles > div { padding: .3rem 1.2rem; border-left: 1px solid var(--line); min-width: 0; }
.tiles > div:first-child { border-left: 0; padding-left: 0; }
.tiles dt { font-size: .92rem; color: var(--muted); }
.tiles dd { font-size: 1.45rem; line-height: 2.1rem; font-weight: 600; letter-spacing: -.01em; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.tiles .unknown { font-weight: 400; }
.tiles .state { vertical-align: top; }
.attention li { display: grid; grid-template-columns: .77rem minmax(0, 1fr); gap: 0 .8rem; align-items: baseline; padding: .6rem 0; border-top: 1px solid var(--line); }
.attention li:last-child { border-bottom: 1px solid var(--line); }
.attention b { font-weight: 600; }
.attention p { grid-column: 2; font-size: .92rem; color: var(--muted); overflow-wrap: anywhere; }

/* buckets */
.crumbs { font-family: var(--mono); font-size: .92rem; margin-bottom: .3rem; }
.crumbs ol { display: flex; flex-wrap: wrap; gap: .1rem 0; }
.crumbs li { overflow-wrap: anywhere; min-height: 24px; }
.crumbs li + li::before { content: "/"; color: var(--muted); margin: 0 .5rem; }
.crumbs a { color: var(--muted); }
.crumbs a:hover { color: var(--text); }
.crumbs [aria-current] { font-weight: 600; }
.find { display: flex; gap: .6rem; flex: 1 1 24rem; max-width: 48rem; }
.find input { flex: 1; min-width: 0; min-height: 28px; padding: 0 .8rem; border: 1px solid var(--control); border-radius: 6px; background: var(--bg); color: var(--text); font-family: var(--mono); font-size: .92rem; }
.folder::before { content: "▸ "; color: var(--muted); }
.pager { display: flex; flex-wrap: wrap; align-items: center; gap: .8rem; margin-top: 1rem; color: var(--muted); font-size: .92rem; }

/* services by dates */
.heat { border-collapse: separate; border-spacing: 3px; margin-left: -3px; }
.heat th { font-weight: 400; font-size: .92rem; color: var(--muted); text-align: right; white-space: nowrap; padding: 0 .4rem; }
.heat tbody th { position: sticky; left: 0; z-index: 1; text-align: left; background: var(--bg); color: var(--text); padding-right: 1rem; max-width: 22rem; overflow: hidden; text-overflow: ellipsis; }
.heat td { min-width: 7.2rem; height: 3.4rem; padding: 0; border-radius: 4px; text-align: right; line-height: 1.4; }
.heat td a { display: block; padding: .35rem .6rem; border-radius: 4px; }
.heat td a:hover { text-decoration: none; outline: 2px solid var(--accent); outline-offset: -2px; }
.heat small { display: block; font-size: .85rem; }
.heat .q0 { box-shadow: inset 0 0 0 1px var(--line); }
.heat .q1 { background: var(--q1); } .heat .q2 { background: var(--q2); } .heat .q3 { background: var(--q3); } .heat .q4 { background: var(--q4); } .heat .q5 { background: var(--q5); }
.heat .sum { min-width: 0; padding: 0 .6rem; white-space: nowrap; }

/* object viewer */
.lines { background: var(--panel); border-radius: 6px; overflow-x: auto; padding: .6rem 0; font-family: var(--mono); font-size: .92rem; line-height: 1.7; }
.lines li { display: grid; grid-template-columns: 4.5rem 2.2rem minmax(0, 1fr); padding-right: 1rem; }
.lines li:hover { background: var(--raised); }
.lines li:target { background: var(--accent-wash); }
.lines .at { color: var(--muted); text-align: right; padding-right: 1rem; user-select: none; }
.lines .at:hover { color: var(--text); }
.lines code { font-size: 1em; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; direction: ltr; }
.level { display: inline-flex; align-items: center; align-self: start; gap: .3rem; font-weight: 600; user-select: none; }
.level-error, .level-fatal { box-shadow: inset 2px 0 var(--error); }
.level-warn { box-shadow: inset 2px 0 var(--warn); }
.tone-info { color: var(--info); } .tone-debug { color: var(--muted); }

@media (max-width: 1100px) {
  .columns { grid-template-columns: minmax(0, 1fr); }
  .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .8rem 0; }
  .tiles > div:nth-child(3n + 1) { border-left: 0; padding-left: 0; }
  .wide-only { display: none; }
  .pipe { grid-template-columns: minmax(0, 1fr) 9rem minmax(0, 1fr) 9rem minmax(0, 1fr); }
  .flow { padding: 0 .8rem; }
}
@media (max-width: 760px) {
  .top { flex-wrap: wrap; height: auto; padding: 0 1.25rem; gap: 0 .6rem; position: static; }
  .brand { min-height: 3.4rem; }
  .top nav { order: 3; width: 100%; height: 3rem; margin-left: -.8rem; }
  main { padding: 1rem 1.25rem 2rem; }
  .pipe { grid-template-columns: minmax(0, 1fr); }
  .flow { flex-direction: row; justify-content: flex-start; align-items: center; gap: .8rem; padding: .3rem 0; }
  .wire { width: 1.4rem; height: 2rem; order: -1; }
  .wire::before { left: calc(50% - 1px); right: auto; top: 0; bottom: 4px; border-top: 0; border-left: 2px solid var(--control); }
  .wire::after { right: auto; left: calc(50% - 6px); top: auto; bottom: 0; border: 6px solid transparent; border-top: 8px solid var(--control); border-bottom: 0; }
  .flow-cut .wire::before { border-left-style: dashed; border-color: var(--error); }
  .flow-cut .wire::after { border-left-color: transparent; border-top-color: var(--error); }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tiles > div, .tiles > div:nth-child(3n + 1) { border-left: 1px solid var(--line); padding-left: 1rem; }
  .tiles > div:nth-child(odd) { border-left: 0; padding-left: 0; }
  .table thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  .table, .table tbody { display: block; }
  .table tr { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 1.25rem; padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .table tbody th, .table td { display: flex; justify-content: space-between; align-items: center; gap: .6rem; height: auto; min-height: 1.9rem; padding: 0; border: 0; white-space: normal; overflow-wrap: anywhere; }
  .table tbody th, .table td:has(.wrap) { grid-column: 1 / -1; justify-content: flex-start; }
  .table td[data-label]::before { content: attr(data-label); color: var(--muted); font-size: .92rem; white-space: nowrap; }
  .row-error > th, .row-warn > th { padding-left: .6rem; }
  .lines li { grid-template-columns: 3.2rem 2rem minmax(0, 1fr); }
  .lines .at { padding-right: .6rem; }
}
@media (max-width: 380px) { .updated { display: none; } .brand { margin-right: 0; } }
@media (forced-colors: active) { .shape { fill: CanvasText; } .heat td { border: 1px solid CanvasText; } }
`;
