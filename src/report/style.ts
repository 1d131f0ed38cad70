/** The style sheet of a report: light and dark, on a screen of any width and on paper. */
import { COLOUR, DARK_COLOUR, darkRules } from '../bench/plot/theme.js';

/** Steps of shade of a confusion matrix. */
export const SHADES = 8;

/** Returns the custom properties of a ground: those of the charts, and a few that charts have no need of. */
const properties = (
  { ground, text, muted, grid, faint, blue }: Readonly<Record<keyof typeof COLOUR, string>>,
  more: string,
): string =>
  `--ground:${ground};--text:${text};--muted:${muted};--line:${grid};--edge:${faint};--accent:${blue};${more}`;

const LIGHT = properties(COLOUR, '--box:#f8fafc;--link:#1d4ed8;--good:#dbeafe;--bad:#ffedd5;--warn:#9a3412');
const DARK = properties(
  DARK_COLOUR,
  '--box:#16203a;--link:#93c5fd;--good:#1e3a8a;--bad:#7c2d12;--warn:#fdba74',
);

/** The shades of a cell, for counts that are right and for others. */
const shades = Array.from({ length: SHADES }, (_, i) => {
  const share = Math.round((100 * (i + 1)) / SHADES);
  return `.right${i}{background:color-mix(in srgb,var(--good) ${share}%,transparent)}
.wrong${i}{background:color-mix(in srgb,var(--bad) ${share}%,transparent)}`;
}).join('\n');

export const STYLE = `
:root{color-scheme:light dark;${LIGHT}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.55 ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif}
header,main,footer,nav{max-width:1216px;margin:0 auto;padding:0 16px}
header{padding-top:32px}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 12px;padding-top:20px;border-top:1px solid var(--line)}
h3{font-size:1rem;line-height:1.35;margin:0}
section{margin:28px 0}
p{margin:0 0 12px;max-width:75ch;overflow-wrap:anywhere}
a{color:var(--link)}
.lead,.more,figcaption p,footer,.muted{color:var(--muted)}
nav ul{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:16px 0 0;padding:0;font-size:.9rem}
.status{display:block;border-left:4px solid var(--accent);background:var(--box);padding:10px 14px;margin:16px 0;max-width:none}
.status.bad{border-color:var(--warn)}
.notes{margin:12px 0;padding-left:1.2em;max-width:90ch;font-size:.9rem;overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:6px 24px;margin:0 0 12px}
.facts div{display:flex;gap:10px;border-bottom:1px solid var(--line);padding:3px 0;min-width:0}
.facts dt{color:var(--muted);flex:0 0 auto}
.facts dd{margin:0 0 0 auto;text-align:right;overflow-wrap:anywhere;min-width:0}
.headlines{display:flex;flex-wrap:wrap;gap:12px 40px;margin:20px 0}
.headlines div{display:flex;flex-direction:column-reverse}
.headlines dt{color:var(--muted);font-size:.9rem}
.headlines dd{margin:0;font-size:1.7rem;line-height:1.2;font-weight:600;font-variant-numeric:tabular-nums}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,352px),1fr));gap:24px;align-items:start;margin:0 0 12px}
figure{margin:0;min-width:0}
.frames{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,210px));gap:16px;margin:0 0 12px}
figcaption p{font-size:.85rem;line-height:1.4;margin:2px 0 6px}
svg.chart{display:block;max-width:100%;height:auto}
svg.chart text{font-family:ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif}
.scroll svg.chart{max-width:none}
.scroll{overflow-x:auto;max-width:100%;margin:0 0 12px}
.scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);padding:0 0 6px;font-size:.875rem}
th,td{padding:4px 10px;border-bottom:1px solid var(--line);vertical-align:top}
th:first-child{padding-left:2px}
thead th{color:var(--muted);font-weight:500;border-bottom-color:var(--edge);vertical-align:bottom}
tbody th{font-weight:500}
.number{text-align:right}
thead .number.long{min-width:8em}
.word{text-align:left}
.short{white-space:nowrap}
.long{max-width:32em;min-width:13em;overflow-wrap:anywhere}
.longer{max-width:40em;min-width:24em;overflow-wrap:anywhere}
.beside{display:flex;flex-wrap:wrap;gap:12px 64px;align-items:flex-start}
.beside>*{max-width:100%;min-width:0}
.beside p{max-width:34em}
.cell{display:block;margin:-4px -10px;padding:4px 10px}
.confusion td{text-align:right}
${shades}
details{margin:0 0 12px}
summary{cursor:pointer;color:var(--link);font-size:.875rem;padding:4px 0}
pre{margin:0;padding:10px 14px;background:var(--box);font-size:.85rem;line-height:1.5}
code{font-family:ui-monospace,'Cascadia Mono',Menlo,Consolas,monospace}
.rows{display:grid;grid-template-columns:repeat(auto-fill,minmax(96px,1fr));gap:16px 12px;margin:0 0 12px;padding:0;list-style:none;font-size:.8rem;line-height:1.35}
.rows img{display:block;width:84px;height:84px;object-fit:contain;image-rendering:pixelated;border:1px solid var(--line);margin:0 0 4px}
.drawing{display:block;border:1px solid var(--line)}
footer{padding-top:12px;padding-bottom:32px;font-size:.85rem;border-top:1px solid var(--line);margin-top:40px}
@media screen and (prefers-color-scheme:dark){
:root{${DARK}}
${darkRules()}
}
@media print{
body{font-size:10pt}
nav{display:none}
.scroll{overflow:visible}
figure,tr,.rows li{break-inside:avoid}
h2,h3{break-after:avoid}
.grid{grid-template-columns:repeat(2,1fr)}
}
`;
