/** Filters, heads of raw bytes, bytes beside their text, commands. */
export const quarantineStyles = `
/* quarantine */
.filters { display: flex; flex-wrap: wrap; align-items: end; gap: .6rem .8rem; }
.filters label { display: grid; gap: .2rem; color: var(--muted); font-size: .92rem; }
.filters input, .filters select { min-height: 28px; max-width: 100%; padding: 0 .6rem; border: 1px solid var(--control); border-radius: 6px; background: var(--bg); color: var(--text); font: 400 .92rem var(--mono); }
.filters input { width: 15rem; }
.filters .link { display: inline-flex; align-items: center; min-height: 28px; }
.reason .shape { color: var(--warn); }
.raw-head { display: block; max-width: 42rem; overflow: hidden; text-overflow: ellipsis; white-space: pre; }
.command { display: flex; gap: .6rem; align-items: start; margin-top: .5rem; }
.command pre { flex: 1; min-width: 0; padding: .5rem .8rem; border-radius: 6px; background: var(--panel); font: .92rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
.bytes { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0 1.2rem; }
.bytes section { max-height: 60vh; overflow: auto; padding: .8rem 1rem; border-radius: 6px; background: var(--panel); font: .92rem/1.5 var(--mono); }
.bytes b { font-weight: 400; color: var(--muted); }
.bytes i { font-style: normal; color: var(--accent); }
.bytes pre { font: inherit; }
.bytes .decoded pre { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
.pager .wrap { overflow-wrap: anywhere; }
@media (scripting: none) { [data-copy] { display: none; } }
@media (max-width: 1100px) { .bytes { grid-template-columns: minmax(0, 1fr); gap: .8rem; } .raw-head { max-width: 24rem; } }
@media (max-width: 760px) {
  .filters { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .filters input, .filters select { width: 100%; }
  .raw-head { white-space: normal; overflow-wrap: anywhere; max-width: none; }
  .table td:has(.raw-head), .table td:has(.record-id) { grid-column: 1 / -1; justify-content: space-between; }
  .command { flex-wrap: wrap; }
}
`;
