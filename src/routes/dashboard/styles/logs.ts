/** Lines, levels, the log viewer and search. */
export const logsStyles = `
/* lines without a script, and hits of a search */
.lines { background: var(--panel); border-radius: 6px; overflow-x: auto; padding: .6rem 0; font-family: var(--mono); font-size: .92rem; line-height: 1.7; }
.lines li { display: grid; grid-template-columns: 4.5rem 2.2rem minmax(0, 1fr); padding-right: 1rem; }
.lines li:hover { background: var(--raised); }
.lines li:target { background: var(--accent-wash); }
.lines .at { color: var(--muted); text-align: right; padding-right: 1rem; user-select: none; }
.lines .at:hover { color: var(--text); }
.lines code { font-size: 1em; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; direction: ltr; }
.level { display: inline-flex; align-items: center; gap: .35rem; font-weight: 600; user-select: none; }
.lines .level { align-self: start; }
.level-error, .level-fatal { box-shadow: inset 2px 0 var(--error); }
.lines .level-warn { box-shadow: inset 2px 0 var(--warn); }
.tone-info { color: var(--info); } .tone-debug { color: var(--muted); }
mark { background: light-dark(#ffe58f, #5a4300); color: var(--text); border-radius: 2px; }
.hits { background: none; padding: 0; margin-top: 1rem; }
.hits li { grid-template-columns: 15.5rem 2.6rem 11rem minmax(0, 1fr); border-bottom: 1px solid var(--line); padding-block: .2rem; }
.hits li:not(:has(.hit-service)) { grid-template-columns: 15.5rem 2.6rem minmax(0, 1fr); }
.hits .at { text-align: left; padding-left: .6rem; color: var(--accent); user-select: auto; }
.hits code { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.hits i, .log-text i { font-style: normal; color: var(--muted); }
.hit-service { color: var(--muted); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding-right: 1rem; }
.search-form { display: grid; grid-template-columns: repeat(2, minmax(9rem, 1fr)) repeat(2, minmax(8rem, .8fr)) minmax(9rem, 1fr) minmax(14rem, 3fr) auto; gap: .8rem; align-items: end; margin-bottom: 1.2rem; }
.search-field label { display: block; font-size: .92rem; color: var(--muted); }
.search-field > :last-child { width: 100%; }
.search-form input, .search-form select, .viewer-find select { min-height: 28px; padding: 0 .6rem; border: 1px solid var(--control); border-radius: 6px; background: var(--bg); color: var(--text); font: inherit; }
.search-status { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1rem; min-height: 28px; }
/* log viewer */
.narrow-only { display: none; }
.viewer-head { margin-bottom: .5rem; }
.viewer-head .crumbs { margin: 0; }
.viewer-find { margin-bottom: .6rem; }
body.wide:has([data-ready]) { display: flex; flex-direction: column; height: 100vh; height: 100dvh; overflow: hidden; }
body.wide:has([data-ready]) main { flex: 1; min-height: 0; width: 100%; max-width: none; display: flex; flex-direction: column; padding-block: .8rem 0; }
.viewer[data-ready] { flex: 1; min-height: 0; display: flex; }
.log-app { flex: 1; min-width: 0; min-height: 0; display: flex; flex-direction: column; }
.log-bar { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
.log-filter { flex: 1 1 28rem; min-width: 0; display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .5rem; min-height: 34px; padding: .15rem .6rem; border: 1px solid var(--control); border-radius: 6px; }
.log-filter:focus-within { border-color: var(--accent); outline: 1px solid var(--accent); }
.log-filter input { flex: 1 1 10rem; min-width: 0; min-height: 26px; border: 0; outline: 0; background: none; color: var(--text); font: .92rem var(--mono); }
.log-glass { width: 1.2rem; fill: none; stroke: var(--muted); stroke-width: 1.5; }
.chips { display: contents; }
.log-chip { display: inline-flex; align-items: center; max-width: 100%; border-radius: 4px; background: var(--raised); padding-left: .6rem; font-size: .92rem; overflow-wrap: anywhere; }
.log-app button, .menu button { font: inherit; color: inherit; cursor: pointer; }
.log-chip button, .link-button, .field-actions button, .facet-not, .log-actions button { min-width: 24px; min-height: 24px; border: 0; border-radius: 4px; background: none; color: var(--muted); }
.log-chip button:hover, .field-actions button:hover, .facet-not:hover, .log-actions button:hover { background: var(--raised); color: var(--text); }
.log-app .link-button { color: var(--accent); padding: 0 .4rem; }
.log-status { min-width: 15rem; font-size: .92rem; }
.log-tools { display: flex; flex-wrap: wrap; gap: .4rem; }
.button[aria-pressed="true"] { background: var(--accent-wash); border-color: var(--accent); }
.button:disabled { color: var(--muted); border-style: dashed; cursor: help; }
.menu { position: relative; }
.menu summary { list-style: none; }
.menu summary::-webkit-details-marker { display: none; }
.menu ul { position: absolute; right: 0; z-index: 4; min-width: 14rem; margin-top: .2rem; padding: .3rem; border: 1px solid var(--control); border-radius: 6px; background: var(--bg); }
.log-details .menu ul { right: auto; left: 0; }
.menu li button { width: 100%; min-height: 28px; padding: 0 .6rem; border: 0; border-radius: 4px; background: none; text-align: left; }
.menu li button:hover { background: var(--raised); }
.log-banner { margin-top: .5rem; padding: .3rem .8rem; border-left: 3px solid var(--warn-mark); background: var(--warn-wash); font-size: .92rem; }
.log-histogram { position: relative; margin: .6rem 0 0; }
.log-bars { height: 56px; cursor: crosshair; touch-action: none; }
.log-bars svg { display: block; width: 100%; height: 100%; }
.is-error { fill: var(--error); } .is-warn { fill: var(--warn-mark); } .is-rest { fill: light-dark(#afb8c1, #444d58); }
.log-brush .is-outside { fill: var(--bg); opacity: .6; } .log-brush .is-inside { fill: var(--accent); opacity: .18; }
.log-visible { fill: var(--text); }
.log-axis { display: flex; justify-content: space-between; font-size: .85rem; color: var(--muted); border-top: 1px solid var(--line); overflow: hidden; white-space: nowrap; }
.log-tip { position: absolute; top: -.4rem; right: 0; padding: 0 .6rem; border-radius: 4px; background: var(--raised); font-size: .92rem; pointer-events: none; }
.log-unzoom { position: absolute; top: -.4rem; left: 0; background: var(--bg); }
.log-notime { font-size: .92rem; margin-top: .4rem; }
.log-body { flex: 1; min-height: 0; display: grid; grid-template-columns: 16rem minmax(0, 1fr); border-top: 1px solid var(--line); margin: .4rem -1.85rem 0; }
.has-details .log-body { grid-template-columns: 16rem minmax(0, 1fr) minmax(24rem, 31rem); }
.log-facets, .log-details-body { overflow-y: auto; scrollbar-width: thin; }
.log-facets { padding: .8rem .8rem .8rem 1.85rem; border-right: 1px solid var(--line); }
.log-facets section { margin-bottom: 1.1rem; }
.log-app h3 { display: flex; align-items: baseline; gap: .6rem; font-size: .92rem; font-weight: 600; margin: 0 0 .2rem; overflow-wrap: anywhere; }
.log-app h3 small { margin-left: auto; font-weight: 400; color: var(--muted); }
.log-facets li { position: relative; display: flex; }
.facet-value { position: relative; flex: 1; min-width: 0; min-height: 26px; display: flex; align-items: center; justify-content: space-between; gap: .5rem; padding: 0 .2rem 3px; border: 0; background: none; font-size: .92rem; text-align: left; }
.facet-value:hover, .facet-value[aria-pressed="true"] { background: var(--raised); border-radius: 4px; }
.facet-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.facet-name .level { min-width: 2.3rem; }
.facet-count { color: var(--muted); flex: none; }
.is-out .facet-name { text-decoration: line-through; color: var(--muted); }
.facet-value progress { position: absolute; inset: auto 0 0; width: 100%; height: 2px; border: 0; appearance: none; background: var(--line); }
.facet-value progress::-webkit-progress-bar { background: var(--line); }
.facet-value progress::-webkit-progress-value { background: var(--muted); }
.facet-value progress::-moz-progress-bar { background: var(--muted); }
.log-app .facet-not { position: absolute; right: 0; top: 0; opacity: 0; background: var(--raised); }
.log-facets li:hover .facet-not, .log-app .facet-not:focus-visible { opacity: 1; }
.facet-common div { display: flex; gap: .5rem; font: .92rem var(--mono); overflow-wrap: anywhere; }
.facet-common dt { color: var(--text); } .facet-common dd { color: var(--muted); min-width: 0; }
.log-main { position: relative; min-width: 0; min-height: 0; }
.log-list { position: absolute; inset: 0; overflow: hidden auto; overflow-anchor: none; font: .92rem/22px var(--mono); }
.log-list:focus-visible { outline-offset: -2px; }
.log-sizer { position: relative; width: 100%; contain: strict; }
.log-row { position: absolute; top: 0; left: 0; right: 0; height: 22px; display: grid; grid-template-columns: 8rem 2.6rem 11rem minmax(0, 1fr); gap: .5rem; padding: 0 1rem; cursor: default; contain: layout style paint; }
.log-row > * { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; unicode-bidi: isolate; direction: ltr; }
.log-time, .log-service { color: var(--muted); }
.log-row:hover { background: var(--panel); }
.log-row[aria-selected="true"] { background: var(--accent-wash); }
.log-row.is-marked .log-time { color: var(--accent); font-weight: 600; }
.log-row.is-context { box-shadow: inset 3px 0 var(--accent); }
.log-row.is-context:not([aria-selected="true"]) .log-text { color: var(--muted); }
.log-row.is-wrapped { height: auto; min-height: 22px; }
.log-row.is-wrapped .log-text { white-space: pre-wrap; overflow-wrap: anywhere; }
.log-seam { display: block; font-family: var(--sans); color: var(--muted); }
.log-seam button { min-height: 22px; }
.log-row .log-actions { position: absolute; right: .3rem; top: 0; display: none; background: var(--raised); border-radius: 4px; }
.log-row:hover .log-actions { display: block; }
.log-actions button { min-height: 22px; height: 22px; padding: 0; }
.log-empty { position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: .6rem; background: var(--bg); }
.log-pill, .log-toast { position: absolute; left: 50%; bottom: 1rem; transform: translateX(-50%); padding: .35rem 1.2rem; border: 0; border-radius: 99px; background: var(--text); }
.log-app .log-pill, .log-toast { color: var(--bg); font-weight: 600; }
.log-details { min-width: 0; min-height: 0; display: flex; flex-direction: column; border-left: 1px solid var(--line); }
.log-details header { display: flex; justify-content: space-between; gap: .6rem; padding: .6rem 1rem; font-size: .92rem; }
.log-details header span { white-space: nowrap; }
.log-details-body { flex: 1; padding: 0 1rem 1rem; }
.log-details-body:focus-visible { outline-offset: -2px; }
.log-details h2 { overflow-wrap: anywhere; margin-bottom: .6rem; }
.log-details section { margin-top: 1.2rem; }
.log-detail-actions { display: flex; flex-wrap: wrap; gap: .4rem; margin-bottom: .6rem; }
.log-fields > div { position: relative; display: grid; grid-template-columns: minmax(6rem, 9rem) minmax(0, 1fr); gap: .6rem; padding: .15rem .3rem; font: .92rem/1.6 var(--mono); border-radius: 4px; }
.log-fields > div:hover { background: var(--panel); }
.log-fields dt { color: var(--muted); overflow-wrap: anywhere; }
.field-value { overflow-wrap: anywhere; white-space: pre-wrap; unicode-bidi: isolate; }
.field-actions { position: absolute; right: 0; top: 0; background: var(--raised); border-radius: 4px; opacity: 0; }
.log-fields > div:hover .field-actions, .field-actions:focus-within { opacity: 1; }
.log-raw { padding: .6rem .8rem; border-radius: 6px; background: var(--panel); font: .92rem/1.6 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; max-height: 30rem; overflow-y: auto; unicode-bidi: isolate; direction: ltr; }
.log-keys { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: .35rem 1.85rem; margin: 0 -1.85rem; border-top: 1px solid var(--line); font-size: .92rem; color: var(--muted); }
.log-keys kbd + kbd { margin-left: .2rem; }
@media (max-width: 1100px) {
  .has-details .log-body, .log-body { grid-template-columns: minmax(0, 1fr); }
  .log-facets { display: none; }
  .has-facets .log-facets { display: block; grid-row: 1; max-height: 40vh; border-bottom: 1px solid var(--line); }
  .narrow-only { display: inline-flex; }
  .log-details { position: fixed; inset: auto 0 0; z-index: 6; max-height: 62vh; background: var(--bg); border-top: 1px solid var(--control); border-radius: 12px 12px 0 0; }
  .search-form { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
@media (max-width: 760px) { .log-body, .log-keys { margin-inline: -1.25rem; } }
@media (max-width: 640px) {
  .log-row { grid-template: 20px 20px / 7.5rem 2.6rem minmax(0, 1fr); height: 42px; gap: 0 .5rem; padding: 1px 1.25rem; }
  .log-row.is-wrapped { grid-template-rows: 20px auto; }
  .log-text { grid-column: 1 / -1; }
  .log-keys, .viewer-head .note, .viewer-head .end { display: none; }
  .log-filter { flex-basis: 100%; }
  .viewer-head .crumbs { min-width: 0; max-width: 100%; }
  .viewer-head .crumbs ol { flex-wrap: nowrap; overflow-x: auto; white-space: nowrap; }
  .log-histogram { margin-top: 1rem; }
  .log-axis span:nth-child(even) { display: none; }
  .log-status { min-width: 0; }
  .hits li, .hits li:not(:has(.hit-service)) { grid-template-columns: auto 2.6rem minmax(0, 1fr); }
  .hits code { grid-column: 1 / -1; padding-left: .6rem; }
  .hits li { padding-right: 0; }
}
@media (hover: none) { .log-app .facet-not, .field-actions { opacity: 1; } }
`;
