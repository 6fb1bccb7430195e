/** Tree, heat-map and figures of partitions. */
export const partitionsStyles = `
/* partitions */
.partitions { display: grid; grid-template-columns: minmax(0, 19rem) minmax(0, 1fr) minmax(0, 23rem); gap: 1.5rem 2.4rem; align-items: start; }
.partitions > .failure { grid-column: 1 / -1; }
.levels { display: flex; flex-wrap: wrap; gap: 0 .9rem; margin: .5rem 0 .8rem; color: var(--muted); font-size: .92rem; }
.levels b { color: var(--text); }
.tree a { display: flex; justify-content: space-between; gap: .8rem; padding: .2rem .6rem; min-height: 26px; border-radius: 4px; overflow-wrap: anywhere; }
.tree a:hover { background: var(--raised); text-decoration: none; }
.tree a span { color: var(--muted); white-space: nowrap; font-size: .92rem; }
.tree [aria-current] { background: var(--accent-wash); font-weight: 600; }
.tree-service { margin-left: 1.2rem; }
.tree-month { margin-left: 2.4rem; }
.heat-head { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1.2rem; margin-bottom: .6rem; }
.heat-head nav { margin-left: auto; }
.scale { display: flex; align-items: center; gap: 2px; color: var(--muted); font-size: .92rem; }
.scale i { width: 1.3rem; height: 1.1rem; border-radius: 2px; }
.scale i:first-of-type { margin-left: .5rem; }
.scale i:last-of-type { margin-right: .5rem; }
.heat-scroll { overflow-x: auto; }
.heat { width: 100%; min-width: 48rem; border-collapse: separate; border-spacing: 2px; table-layout: fixed; }
.heat th { padding: 0; font-weight: 400; font-size: .85rem; color: var(--muted); text-align: center; white-space: nowrap; }
.heat tr > :first-child { position: sticky; left: 0; z-index: 1; width: 8.6rem; background: var(--bg); text-align: left; }
.heat tbody th span { margin-left: .3rem; }
.heat tr > :last-child { width: 5.6rem; text-align: right; }
.heat td { padding: 0; }
.heat td a, .legend i { position: relative; display: block; height: max(1.55rem, 24px); border-radius: 3px; }
.heat td a:hover, .heat td a:focus-visible { outline: 2px solid var(--text); outline-offset: 1px; z-index: 2; }
.heat .sum { font-size: .92rem; white-space: nowrap; }
.heat .silence td { text-align: center; color: var(--muted); font-size: .92rem; border-block: 1px dashed var(--line); }
.q1 { background: var(--q1); } .q2 { background: var(--q2); } .q3 { background: var(--q3); } .q4 { background: var(--q4); } .q5 { background: var(--q5); }
.is-gap { background: repeating-linear-gradient(135deg, var(--warn-mark) 0 2px, transparent 2px 6px); box-shadow: inset 0 0 0 1px var(--warn-mark); }
.is-unwalked { box-shadow: inset 0 0 0 1px var(--control); }
.is-empty { opacity: .5; }
.heat td .is-current, .legend .is-current { border: 2px dotted var(--text); opacity: 1; }
.is-crumbly::after { content: ""; position: absolute; right: 2px; bottom: 2px; border: 3px solid transparent; border-right-color: var(--text); border-bottom-color: var(--text); }
.cell-note { min-height: 2rem; padding: .3rem 0; overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; margin-bottom: .6rem; color: var(--muted); font-size: .92rem; }
.legend li { display: flex; align-items: center; gap: .5rem; }
.legend i { width: 1.3rem; height: 1.3rem; }
.fact-list > div { display: flex; justify-content: space-between; gap: 1rem; padding: .45rem 0; border-bottom: 1px solid var(--line); }
.fact-list dt { color: var(--muted); white-space: nowrap; }
.fact-list dd { text-align: right; }
.fact-list b { white-space: nowrap; }
.fact-list b.tone-ok { color: inherit; }
.fact-list .tone-ok .shape, .fact-list .tone-ok span { color: var(--ok); }
.fact-list small, .side-list small { display: block; font-size: .92rem; color: var(--muted); }
.side-list { margin-top: 1.6rem; }
.side-list li { padding: .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.side-list a { display: inline-block; min-height: 24px; }
@media (max-width: 1340px) { .partitions { grid-template-columns: minmax(0, 1fr) minmax(0, 21rem); } .tree { grid-column: 1 / -1; } .tree ul { columns: 18rem; } }
@media (max-width: 900px) { .partitions { grid-template-columns: minmax(0, 1fr); } .heat tr > :first-child { width: 4.2rem; } .heat tbody th span { display: none; } .heat-head nav { margin-left: 0; } }
@media (forced-colors: active) { .heat td a { border: 1px solid CanvasText; } }
`;
