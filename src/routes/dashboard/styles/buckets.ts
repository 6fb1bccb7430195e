/** Crumbs, find forms, pagers. */
export const bucketsStyles = `
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
`;
