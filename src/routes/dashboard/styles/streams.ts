/** Tabs, seek and filter bars, records, the live tail and charts. */
export const streamsStyles = `
/* streams */
.tabs { display: flex; gap: 1.6rem; margin: 1rem 0 1.2rem; border-bottom: 1px solid var(--line); overflow-x: auto; }
.tabs a { padding: .45rem 0; color: var(--muted); border-bottom: 2px solid transparent; white-space: nowrap; }
.tabs a:hover { color: var(--text); text-decoration: none; }
.tabs [aria-current] { color: var(--text); border-color: var(--text); font-weight: 600; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem 1rem; color: var(--muted); }
.bar input:not([type=hidden]), .bar select { min-height: 28px; max-width: 100%; padding: 0 .6rem; border: 1px solid var(--control); border-radius: 6px; background: var(--bg); color: var(--text); font: inherit; }
.bar input { font-family: var(--mono); font-size: .92rem; }
.bar [type=search] { flex: 1 1 14rem; min-width: 0; }
.share { display: inline-flex; align-items: center; gap: .45rem; }
.share meter { width: 4rem; height: .5rem; border: 0; border-radius: 3px; background: var(--raised); overflow: hidden; }
.share meter::-webkit-meter-bar { height: .5rem; border: 0; border-radius: 3px; background: var(--raised); }
.share meter::-webkit-meter-optimum-value { background: var(--muted); }
.share meter::-moz-meter-bar { background: var(--muted); }
.share.tone-warn meter::-webkit-meter-optimum-value { background: var(--warn-mark); }
.ranges a { display: inline-block; min-width: 24px; min-height: 24px; padding: 0 .3rem; }
.owner, .key { display: inline-block; max-width: 14rem; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
.records .table { table-layout: fixed; }
.records th:nth-child(1) { width: 15.5rem; } .records th:nth-child(2) { width: 4.5rem; } .records th:nth-child(3) { width: 10rem; } .records th:nth-child(4) { width: 12rem; } .records th:nth-child(5) { width: 6rem; }
.records .key { max-width: 100%; }
.preview { display: block; overflow: hidden; text-overflow: ellipsis; }
.chip { margin-right: .6rem; padding: 0 .45rem; border-radius: 4px; background: var(--raised); font-size: .85rem; font-weight: 400; }
.raw { max-height: 32rem; overflow: auto; padding: .8rem 1rem; background: var(--panel); border-radius: 6px; font: .92rem/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
/* live tail */
.live-buttons { display: inline-flex; gap: .6rem; }
.live-island { position: relative; display: grid; grid-template-columns: minmax(0, 1fr); margin-top: .8rem; border-top: 1px solid var(--line); }
.live-island.has-drawer { grid-template-columns: minmax(0, 1fr) min(34rem, 40%); }
.live-status { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: .4rem 0; font-size: .92rem; color: var(--muted); }
.live-status > :last-child { margin-left: auto; }
.tail { position: relative; height: calc(100vh - 21rem); min-height: 18rem; overflow: auto; overflow-anchor: none; font: .92rem/22px var(--mono); contain: strict; }
.tail:focus-visible { outline-offset: -2px; }
.tail-space { position: relative; width: 100%; }
.tail-row { position: absolute; left: 0; right: 0; top: 0; display: grid; grid-template-columns: 8.2rem 2.6rem 2.2rem 11rem minmax(0, 1fr); height: 22px; padding-left: .6rem; white-space: pre; cursor: default; unicode-bidi: isolate; }
.tail-row > * { overflow: hidden; text-overflow: ellipsis; }
.tail-row .muted { user-select: none; }
.tail-row:hover { background: var(--panel); }
.tail-row[aria-selected=true] { background: var(--accent-wash); box-shadow: inset 2px 0 var(--accent); }
.tail-row.level-error, .tail-row.level-fatal { box-shadow: inset 2px 0 var(--error); }
.tail-row.level-warn { box-shadow: inset 2px 0 var(--warn); }
.tail-row .level { align-self: center; }
.tail-row i { font-style: normal; color: var(--muted); }
.tail-row mark { background: var(--warn-wash); color: var(--warn); }
.tail-row.is-skip { display: block; padding: 0; color: var(--warn); text-align: center; background: repeating-linear-gradient(135deg, transparent 0 6px, var(--warn-wash) 6px 12px); }
.tail-row.is-skip button { height: 22px; padding: 0 .8rem; border: 0; background: var(--bg); color: inherit; font: inherit; cursor: pointer; text-decoration: underline; }
.pill { position: absolute; left: 50%; bottom: 1rem; z-index: 2; transform: translateX(-50%); display: inline-flex; align-items: center; gap: .5rem; min-height: 30px; padding: 0 1.1rem; border: 0; border-radius: 1.2rem; background: var(--text); color: var(--bg); font: 600 1rem var(--sans); cursor: pointer; white-space: nowrap; }
.pill[hidden], .live-empty[hidden] { display: none; }
.tail-frame { position: relative; min-width: 0; }
.drawer { position: relative; min-width: 0; height: calc(100vh - 21rem); min-height: 18rem; overflow: auto; padding: .6rem 0 1rem 1.2rem; border-left: 1px solid var(--line); }
.drawer-head { display: flex; align-items: center; gap: .6rem; margin-bottom: .6rem; }
.drawer-head > :first-child { margin-right: auto; overflow-wrap: anywhere; }
.drawer h3 { margin: 1rem 0 .4rem; font-size: 1rem; }
.drawer dl { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: .15rem 1rem; font: .92rem/1.6 var(--mono); }
.drawer dt { color: var(--muted); overflow-wrap: anywhere; }
.drawer dd { overflow-wrap: anywhere; white-space: pre-wrap; unicode-bidi: isolate; }
.drawer .button { min-height: 24px; padding: 0 .6rem; font-size: .92rem; }
/* charts */
.section h3 { margin: .8rem 0 .3rem; font-size: 1rem; }
.chart-legend { display: flex; flex-wrap: wrap; gap: 0 1.4rem; margin-bottom: .3rem; font-size: .92rem; color: var(--muted); }
.chart-legend b { color: var(--text); }
.chart-legend i { display: inline-block; width: 1rem; height: 2px; margin-right: .3rem; vertical-align: middle; background: var(--mark); }
.chart-legend .chart-area { height: .7rem; border: 1px solid var(--control); }
.chart-time { margin-left: auto; }
.chart-plot + .hidden { bottom: 0; }
.uplot, .uplot * { box-sizing: border-box; }
.u-wrap { position: relative; user-select: none; }
.u-over, .u-under, .u-axis { position: absolute; }
.u-under { overflow: hidden; }
.uplot canvas { display: block; width: 100%; height: 100%; }
.u-cursor-x, .u-cursor-y, .u-cursor-pt { position: absolute; left: 0; top: 0; pointer-events: none; }
.u-hz .u-cursor-x { height: 100%; border-right: 1px dashed var(--control); }
.u-cursor-pt { border-radius: 50%; }
.u-off { display: none; }
@media (max-width: 760px) {
  .records .preview { white-space: normal; overflow-wrap: anywhere; }
  .records .table td:last-child { grid-column: 1 / -1; justify-content: flex-start; }
  .records .key { max-width: 60vw; }
  .owner { max-width: 34vw; }
  .lag-trend { flex-wrap: wrap; gap: 0 .6rem; }
  .lag-trend .spark { display: none; }
  .table td { min-width: 0; }
  .tail, .drawer { height: 60vh; }
  .tail-row { grid-template-columns: 7.6rem 2.2rem minmax(0, 1fr); }
  .tail-row > .wide-cell { display: none; }
  .live-island.has-drawer { grid-template-columns: minmax(0, 1fr); }
  .drawer { position: fixed; inset: auto 0 0; z-index: 6; height: 60vh; padding: .8rem 1.25rem; border: 0; border-top: 1px solid var(--control); background: var(--bg); }
  .bar label { flex: 1 1 9rem; }
  .bar label select, .bar label input { width: 100%; }
}
`;
