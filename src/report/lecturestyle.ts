/** What the page of `explain --html` adds to the style sheet of reports. */
export const LECTURE_STYLE = `
:root{--up:#1d4ed8;--down:#b91c1c;--read:#fef3c7;--write:#d97706;--derivative:#9a3412;--ok:#047857}
section{margin:20px 0}
button{font:inherit;color:var(--text);background:var(--box);border:1px solid var(--edge);border-radius:8px;padding:6px 12px;min-height:40px;min-width:44px;cursor:pointer}
button:hover{border-color:var(--accent)}
select,input[type=number]{font:inherit;color:var(--text);background:var(--box);border:1px solid var(--edge);border-radius:8px;padding:6px 8px;max-width:100%}
input[type=number]{width:9em}
input[type=range]{accent-color:var(--accent);min-width:120px;height:32px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.network-scroll{overflow:auto;max-height:62vh;border:1px solid var(--line);border-radius:10px;background:var(--ground);margin:8px 0}
svg.network{display:block;margin:0 auto;max-width:100%;height:auto;touch-action:pan-x pan-y}
svg text{font-family:ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:var(--text);font-variant-numeric:tabular-nums}
.network .node circle,.network .node rect{fill:var(--box);stroke:var(--muted);stroke-width:1.3}
.network .node.bias circle,.network .node.rest circle{stroke-dasharray:3 3}
.network .node.input{cursor:ns-resize}
.network .node.read circle,.network .node.read rect{fill:var(--read)}
.network .node.write circle,.network .node.write rect{stroke:var(--write);stroke-width:3.2}
.network .value,.network .derivative{paint-order:stroke;stroke:var(--ground);stroke-width:3px}
.network .sign{font-size:17px}.network .word{font-size:10.5px}
.network .value{font-size:12px}.network .derivative{font-size:11.5px;fill:var(--derivative)}
.network .lit{font-weight:700;text-decoration:underline}
.network .edge{fill:none;stroke-width:1.1;opacity:.55}
.network .edge.up{stroke:var(--up)}.network .edge.down{stroke:var(--down)}.network .edge.flat{stroke:var(--muted);stroke-dasharray:2 4}
.network .edge.read{opacity:1;stroke-width:2.6}
.network .edge.write{opacity:1;stroke-width:5}
.network .grip{fill:none;stroke:transparent;stroke-width:14;cursor:ns-resize}
.network .label{font-size:10.5px}
.network .pill{fill:var(--ground);opacity:.92}
.network .pill.read{fill:var(--read);opacity:1}.network .pill.write{fill:var(--ground);opacity:1;stroke:var(--write);stroke-width:2}
.legend{font-size:.85rem;margin:6px 0}
.panels{border:0;padding:0;margin:12px 0;display:flex;flex-wrap:wrap;gap:6px}
.panels legend{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.panels span{position:relative}
.panels input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.panels label{display:block;padding:8px 14px;border:1px solid var(--edge);border-radius:8px}
.panels input:checked+label{background:var(--good);border-color:var(--accent);font-weight:600}
.panels input:focus-visible+label{outline:2px solid var(--accent);outline-offset:2px}
.controls{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;margin:8px 0}
.controls>input[type=range]{flex:1 1 220px}
.buttons{display:flex;gap:6px}
.choose{display:flex;gap:8px;align-items:center;margin:0;max-width:100%}
.choose.amount{flex:1 1 320px;flex-wrap:wrap}.choose.amount input[type=range]{flex:1 1 140px}
.hint{margin:0;font-size:.85rem}
.where{color:var(--muted);font-variant-numeric:tabular-nums;white-space:nowrap}
.panel{background:var(--box);border:1px solid var(--line);border-radius:10px;padding:14px 16px;min-height:15em;touch-action:pan-y}
.panel h3{font-size:1.15rem}
.panel h4{font-size:1rem;margin:14px 0 4px}
.panel p{max-width:none;margin:6px 0}
.rule{color:var(--muted);font-size:.9rem}
.formula{font-size:1.05rem}
sub,sup{font-size:.7em;line-height:0}
.numbers{display:flex;flex-wrap:wrap;gap:6px 6px;align-items:end;font-variant-numeric:tabular-nums}
.put{display:inline-flex;flex-direction:column;align-items:center;background:var(--ground);border:1px solid var(--line);border-radius:6px;padding:2px 7px;line-height:1.3}
.named{font-size:.8rem;color:var(--muted)}
.operator{padding:0 1px 3px}
.result{font-variant-numeric:tabular-nums}
.check{margin-left:10px;font-size:.9rem;color:var(--ok)}
.check.wrong{color:var(--down);font-weight:700}.check.small{color:var(--muted)}
.note{border-left:4px solid var(--write);padding-left:10px}
.jacobian td{text-align:right}
.jacobian td.up{background:linear-gradient(color-mix(in srgb,var(--up) 30%,transparent) 0 0) no-repeat left bottom/var(--share) 4px}
.jacobian td.down{background:linear-gradient(color-mix(in srgb,var(--down) 30%,transparent) 0 0) no-repeat left bottom/var(--share) 4px}
.jacobian .here{font-weight:700;outline:1.5px solid var(--write);outline-offset:-2px}
.paths{list-style:none;margin:6px 0;padding:0}
.paths li{display:flex;flex-wrap:wrap;gap:2px 16px;justify-content:space-between;align-items:center;padding:4px 2px 6px;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
.paths li.up{background:linear-gradient(var(--up) 0 0) no-repeat left bottom/var(--share) 2px}
.paths li.down{background:linear-gradient(var(--down) 0 0) no-repeat left bottom/var(--share) 2px}
.paths button{text-align:left}.paths button[aria-pressed=true]{border-color:var(--write);border-width:2px}
.factors{overflow-wrap:anywhere}
.headlines dt small{display:block}
.headlines dd{font-size:1.35rem}
.wholes{display:flex;flex-wrap:wrap;gap:20px 28px}
.whole figcaption{font-size:.9rem;max-width:24em}
.pair{display:flex;flex-wrap:wrap;gap:10px;align-items:start}
.cells{max-width:100%;height:auto;border:2px solid transparent;border-radius:4px;background:var(--box)}
.cells.write{border-color:var(--write)}
.cells .flat{fill:var(--line)}.cells .up{fill:var(--up)}.cells .down{fill:var(--down)}
${[1, 2, 3, 4, 5, 6].map((shade) => `.cells .shade${shade}{opacity:${(0.1 + 0.15 * shade).toFixed(2)}}`).join('')}
@media screen and (prefers-color-scheme:dark){
:root{--up:#93c5fd;--down:#fca5a5;--read:#713f12;--write:#fbbf24;--derivative:#fdba74;--ok:#6ee7b7}
}
@media (max-width:600px){
.buttons{flex:1 1 100%;justify-content:space-between}.buttons button{padding:6px 4px;flex:1 1 0;min-width:0}
.check{display:block;margin:4px 0 0}
.panels label{padding:8px 10px}
}
@media print{
.controls,.panels,.hint{display:none}
.panel{min-height:0}
.network-scroll{overflow:visible;max-height:none;border:0}
svg.network{min-width:0!important}
details:not([open])>*{display:block}
}
`;
