/** Heat-maps. */
export const partitionsStyles = `
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
`;
