/** Last of all: what changes on narrow screens and with forced colours. */
export const narrowStyles = `
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
  .lines:not(.hits) li { grid-template-columns: 3.2rem 2rem minmax(0, 1fr); }
  .lines .at { padding-right: .6rem; }
}
@media (max-width: 1100px) { .go span { display: none; } }
@media (max-width: 760px) { .go { display: none; } .keys { grid-template-columns: max-content 1fr; } .top nav { overflow-x: auto; } }
@media (max-width: 380px) { .updated { display: none; } .brand { margin-right: 0; } }
@media (forced-colors: active) { .shape { fill: CanvasText; } .heat td { border: 1px solid CanvasText; } }
`;
