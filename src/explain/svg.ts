/** Writes the few SVG elements that a diagram needs, in colours for a light and a dark background. */

/** Every class has its light colour outside the media query, for programs that ignore media queries. */
const STYLE = `
  text { font: 12px ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2937; }
  .ground { fill: #ffffff; }
  .node { fill: #f8fafc; stroke: #64748b; stroke-width: 1.2; }
  .input { fill: #eef2ff; } .bias { fill: none; stroke-dasharray: 3 3; } .y { fill: #ecfdf5; } .divergence { fill: #fff7ed; }
  .name { font-size: 12px; fill: #475569; }
  .value { font-size: 13px; font-weight: 600; font-variant-numeric: tabular-nums; }
  .derivative { font-size: 11px; fill: #9a3412; font-variant-numeric: tabular-nums; }
  .edge { fill: none; stroke-linecap: round; }
  .positive { stroke: #2563eb; } .negative { stroke: #dc2626; } .zero { stroke: #cbd5e1; stroke-dasharray: 2 4; }
  .head { stroke: none; stroke-dasharray: none; } .head.positive { fill: #2563eb; } .head.negative { fill: #dc2626; } .head.zero { fill: #cbd5e1; }
  .label { font-size: 10.5px; font-variant-numeric: tabular-nums; }
  .label.up { fill: #1d4ed8; } .label.down { fill: #b91c1c; } .pill { fill: #ffffff; opacity: 0.9; }
  .title { font-size: 15px; font-weight: 600; } .heading { fill: #64748b; font-size: 12px; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e5e7eb; }
    .ground { fill: #0f172a; }
    .node { fill: #1e293b; stroke: #94a3b8; }
    .input { fill: #1e1b4b; } .bias { fill: none; } .y { fill: #064e3b; } .divergence { fill: #431407; }
    .name { fill: #cbd5e1; } .derivative { fill: #fdba74; } .heading { fill: #94a3b8; }
    .positive { stroke: #60a5fa; } .negative { stroke: #f87171; } .zero { stroke: #475569; }
    .head.positive { fill: #60a5fa; } .head.negative { fill: #f87171; } .head.zero { fill: #475569; }
    .label.up { fill: #93c5fd; } .label.down { fill: #fca5a5; } .pill { fill: #0f172a; }
  }`;

/** A point of a drawing, in pixels from the top left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Puts parts together into a document with the style sheet and the arrowheads. */
export function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
<defs>${['positive', 'negative', 'zero'].map(arrowhead).join('')}</defs>
<rect class="ground" width="${w}" height="${h}"/>
${parts.join('\n')}
</svg>
`;
}

const arrowhead = (kind: string) =>
  `<marker id="${kind}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="head ${kind}" d="M0 0.8 8 4 0 7.2z"/></marker>`;

/** Writes content, which must be escaped already, at a point. */
export function text(
  at: Point,
  kind: string,
  content: string,
  anchor: 'start' | 'middle' | 'end' = 'middle',
): string {
  return `<text class="${kind}" x="${round(at.x)}" y="${round(at.y)}" text-anchor="${anchor}">${content}</text>`;
}

/** Draws a rounded rectangle around a point. */
export function box(at: Point, width: number, height: number, kind: string): string {
  return `<rect class="${kind}" x="${round(at.x - width / 2)}" y="${round(at.y - height / 2)}" width="${width}" height="${height}" rx="9"/>`;
}

/** Says what a derivative does: it raises its end, lowers it, or leaves it alone. */
type Sign = 'positive' | 'negative' | 'zero';

export const signOf = (value: number): Sign => (value > 0 ? 'positive' : value < 0 ? 'negative' : 'zero');

/** Draws an arrow: straight between two points, in level curves through more; `tip` is its tooltip. */
export function line(points: readonly Point[], kind: Sign, strokeWidth: number, tip: string): string {
  const [start, ...rest] = points;
  let [path, from] = [`M${round(start.x)} ${round(start.y)}`, start];
  for (const to of rest) {
    const middle = round((from.x + to.x) / 2);
    const bend = rest.length > 1 ? `C${middle} ${round(from.y)} ${middle} ${round(to.y)} ` : 'L';
    path += `${bend}${round(to.x)} ${round(to.y)}`;
    from = to;
  }
  return `<path class="edge ${kind}" marker-end="url(#${kind})" stroke-width="${round(strokeWidth)}" d="${path}"><title>${escaped(tip)}</title></path>`;
}

/** Writes a few digits on a line, with a background that keeps the line away from them. */
export function pill(at: Point, kind: string, content: string): string {
  const width = 6.2 * content.length + 6;
  return `<rect class="pill" x="${round(at.x - width / 2)}" y="${round(at.y - 7)}" width="${round(width)}" height="14" rx="5"/>${text({ x: at.x, y: at.y + 3.7 }, kind, content)}`;
}

/** Writes z_12(1) as z with a subscript and a superscript. */
export function symbol(name: string): string {
  const [, letter, index, layer] = /^([a-zA-Z]+)_?([\d,]*)(\([\d.]+\))?$/.exec(name) ?? [null, name, '', ''];
  const sub = index ? `<tspan dy="3.5" font-size="9">${index}</tspan>` : '';
  const sup = layer ? `<tspan dy="${index ? -8.5 : -5}" font-size="9">${layer}</tspan>` : '';
  return `${escaped(letter ?? name)}${sub}${sup}`;
}

/** Escapes text for SVG. */
export function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Writes up to three significant digits: 0.0823, -1.2e-7. */
export function short(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

const round = (value: number): number => Math.round(value * 10) / 10;
