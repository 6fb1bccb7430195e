/** Lines and levels. */
export const logsStyles = `
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
`;
