/** Crumbs, tabs, filters, listings and the drawer of an object. */
export const bucketsStyles = `
/* buckets */
.crumbs { font-family: var(--mono); font-size: .92rem; margin-bottom: .3rem; }
.crumbs ol { display: flex; flex-wrap: wrap; gap: .1rem 0; }
.crumbs li { overflow-wrap: anywhere; min-height: 24px; }
.crumbs li + li::before { content: "/"; color: var(--muted); margin: 0 .5rem; }
.crumbs a { display: inline-block; min-height: 24px; color: var(--muted); }
.crumbs a:hover { color: var(--text); }
.crumbs [aria-current] { font-weight: 600; }
.find { display: flex; gap: .6rem; flex: 1 1 24rem; max-width: 48rem; }
.find input, .listing-filters input[type=search], .choice > * { min-height: 28px; padding: 0 .8rem; border: 1px solid var(--control); border-radius: 6px; background: var(--bg); color: var(--text); font: inherit; }
.find input { flex: 1; min-width: 0; font-family: var(--mono); font-size: .92rem; }
.folder::before { content: "▸ "; color: var(--muted); }
.pager { display: flex; flex-wrap: wrap; align-items: center; gap: .8rem; margin-top: 1rem; color: var(--muted); font-size: .92rem; }
.place { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem 2rem; margin-bottom: .8rem; }
.place .crumbs { margin: 0; }
.place .end { margin-left: auto; display: flex; flex-wrap: wrap; gap: .6rem; }
.place-tabs { display: flex; gap: 1.4rem; }
.place-tabs a { padding: .4rem 0; color: var(--muted); border-bottom: 2px solid transparent; }
.place-tabs [aria-current] { color: var(--text); font-weight: 600; border-color: var(--text); }
.listing-filters { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem; }
.listing-filters input[type=search] { flex: 1 1 20rem; min-width: 0; min-height: 30px; font-family: var(--mono); }
.choice .hidden { padding: 0; border: 0; min-height: 0; }
.choice > * { max-width: 100%; }
.switch, .metric-tabs { display: inline-flex; margin: 0; padding: 0; border: 1px solid var(--control); border-radius: 6px; overflow: clip; }
.switch input { position: absolute; opacity: 0; }
.switch span, .metric-tabs > * { display: block; padding: .25rem .8rem; min-height: 26px; color: var(--muted); border: 0; background: none; font: inherit; cursor: pointer; white-space: nowrap; }
.switch :checked + span, .metric-tabs [aria-current], .metric-tabs [aria-pressed=true] { background: var(--raised); color: var(--text); font-weight: 600; }
.switch :focus-visible + span { outline: 2px solid var(--accent); outline-offset: -2px; }
.listing-head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .3rem 2rem; margin: .6rem 0 0; min-height: 2.4rem; }
.hours { display: flex; flex-wrap: wrap; font-family: var(--mono); font-size: .92rem; }
.hours a { min-width: 2.1rem; padding: .3rem 0; text-align: center; color: var(--muted); border-radius: 4px; }
.hours a:hover, .hours [aria-current] { background: var(--raised); color: var(--text); text-decoration: none; }
.hours [aria-current] { font-weight: 600; }
.coverage { color: var(--muted); font-size: .92rem; overflow-wrap: anywhere; }
.coverage b { color: var(--text); }
.coverage .link { display: inline-block; min-height: 24px; font-weight: 600; }
.objects tbody th, .objects td { height: 2.3rem; }
.objects thead a { display: inline-block; min-height: 24px; }
.kind { margin-left: .6rem; white-space: nowrap; padding: 0 .5rem; border-radius: 4px; background: var(--warn-wash); color: var(--warn); font-size: .85rem; }
.apart { margin-bottom: .6rem; }
.failure pre { margin: .4rem 0; font-family: var(--mono); font-size: .92rem; white-space: pre-wrap; }
.dialog.is-object { width: min(52rem, 100vw); max-width: none; height: 100vh; max-height: none; margin: 0 0 0 auto; border-width: 0 0 0 1px; border-radius: 0; }
.object-sheet h2 { overflow-wrap: anywhere; margin-bottom: .8rem; }
.object-sheet h3 { margin: 1.2rem 0 .4rem; font-size: 1rem; }
.sheet-actions { display: flex; flex-wrap: wrap; gap: .6rem; }
.snippets details, .queries details { border-top: 1px solid var(--line); }
.snippets summary, .queries summary { padding: .4rem 0; cursor: pointer; }
.snippets pre, .queries pre { margin: .5rem 0 .8rem; padding: .7rem 1rem; background: var(--panel); border-radius: 6px; font: .92rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
.meta { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1.2rem; font: .92rem/1.5 var(--mono); margin-top: 1rem; overflow-wrap: anywhere; }
.meta dt { color: var(--muted); }
.first-lines { background: var(--panel); border-radius: 6px; padding: .4rem 0; font: .92rem/1.6 var(--mono); }
.first-lines li { padding: .1rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; border-bottom: 1px solid var(--line); }
@media (scripting: none) { [data-details], [data-copy-prefix], [data-count], [data-copy] { display: none; } }
@media (max-width: 760px) { .place .end { margin-left: 0; } .row-actions::before { content: none; } .hours a { min-width: 2.3rem; } }
`;
