/** The pipe, key figures, what needs attention. */
export const overviewStyles = `
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
.tiles dd small { font-size: .92rem; font-weight: 400; letter-spacing: 0; }
.tiles dd + dd { line-height: 1; }
.spark { display: block; width: 100%; height: 1.55rem; overflow: visible; }
.spark polyline { fill: none; stroke: var(--muted); stroke-width: 1.25; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.spark-high polyline { stroke: var(--warn-mark); }
.node { position: relative; }
.node .spark { position: absolute; right: 0; top: 1.6rem; width: 34%; }
.lag-trend { display: flex; align-items: center; gap: .8rem; }
.lag-trend .spark { width: 6rem; }
.trend { white-space: nowrap; }
.columns-wide { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); }
.chart { min-height: 15rem; }
.ranges [aria-current] { color: var(--text); font-weight: 600; }
summary { min-height: 24px; color: var(--muted); cursor: pointer; font-size: .92rem; }
.attention li { display: grid; grid-template-columns: .77rem minmax(0, 1fr) auto; gap: 0 .8rem; align-items: baseline; padding: .6rem 0; border-top: 1px solid var(--line); }
.attention li:last-child { border-bottom: 1px solid var(--line); }
.attention b { font-weight: 600; }
.attention p { grid-column: 2 / -1; font-size: .92rem; color: var(--muted); overflow-wrap: anywhere; }
@media (max-width: 1100px) { .columns-wide { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 760px) { .table td:has(.lag-trend) { grid-column: 1 / -1; } .node .spark { width: 45%; } }
`;
