/** Draws charts with Vega-Lite as SVG that stands in the page, in colours which its style sheet repaints. */
import type { LoggerInterface } from 'vega';
import { COLOUR, CONFIG } from '../bench/plot/theme.js';
import { type Content, escapeText, Html, html, withVisible } from './html.js';

/** A chart: a view specification of Vega-Lite, which checks it at run time, and what is said of it. */
interface Chart {
  readonly title: string;
  /** How to read it, below the title. */
  readonly subtitle?: Content;
  /** Says what is drawn, for those who do not see it. */
  readonly alt: string;
  readonly spec: object;
  readonly width?: number;
  readonly height?: number;
  /** Entries of a legend that stand side by side; 3 fit where they are short. */
  readonly legendColumns?: number;
}

/** Draws a chart as a figure. */
export type Draw = (chart: Chart) => Promise<Html>;

/** Fits a column of a page, and a telephone. */
const WIDTH = 352;
const HEIGHT = 240;

const REPORT_CONFIG = {
  ...CONFIG,
  aria: false,
  background: 'transparent',
  padding: 2,
};

/** Legends are set into columns, because nothing else keeps them within the width of a chart. */
const configWith = (columns: number) => ({
  ...REPORT_CONFIG,
  legend: { ...CONFIG.legend, columns, labelLimit: 300, rowPadding: 3 },
});

/** What Vega-Lite would warn of is no concern of a reader's. */
const SILENT: LoggerInterface = {
  level: () => SILENT,
  error: () => SILENT,
  warn: () => SILENT,
  info: () => SILENT,
  debug: () => SILENT,
} as unknown as LoggerInterface;

/** Returns what draws the charts of one page, with ids that no two charts share. */
export async function chartDrawer(): Promise<Draw> {
  const { View, parse } = await import('vega'); // loading takes a third of a second
  const { compile } = await import('vega-lite');
  let drawn = 0;
  return async ({ title, subtitle, alt, spec, width = WIDTH, height = HEIGHT, legendColumns = 3 }) => {
    const sized = { width, height, autosize: { type: 'fit', contains: 'padding' }, ...spec };
    const compiled = compile(sized as unknown as Parameters<typeof compile>[0], {
      config: configWith(legendColumns),
      logger: SILENT,
    });
    const view = new View(parse(compiled.spec), { renderer: 'none', logger: SILENT });
    const svg = withOwnIds(await view.toSVG(), `c${++drawn}`).replace(/^<svg[^>]*?(?= width)/, '<svg');
    view.finalize();
    const named = svg.replace('<svg', `<svg class="chart" role="img" aria-label="${escapeText(alt)}"`);
    return html`<figure><figcaption><h3>${title}</h3>${subtitle && html`<p>${subtitle}</p>`}</figcaption>${new Html(named)}</figure>`;
  };
}

/** What Vega writes for its own use: roles of marks, frames that are not painted, what is the default. */
const UNUSED =
  / (?:class="(?:mark|role)-[^"]*"|role="graphics-[a-z]+"|aria-(?:roledescription|hidden)="[^"]*"|pointer-events="none"|opacity="1"|font-family="[^"]*")/g;
const UNPAINTED = /<path class="(?:background|foreground)" d="[^"]*"(?: display="none")?\/>/g;

/** Puts a prefix before the ids in a drawing, and leaves out what a page has no use for. */
function withOwnIds(svg: string, prefix: string): string {
  return withVisible(svg)
    .replaceAll(/ id="([^"]+)"/g, ` id="${prefix}$1"`)
    .replaceAll(/url\(#([^)]+)\)/g, `url(#${prefix}$1)`)
    .replaceAll(UNUSED, '')
    .replaceAll(UNPAINTED, '');
}

/** Colours of series, in their order. */
export const SERIES = [COLOUR.blue, COLOUR.orange, COLOUR.green, COLOUR.violet, COLOUR.amber, COLOUR.sky];

/** Returns the encoding of a quantity; the scale need not begin at 0 unless the settings say so. */
export const quantity = (field: string, title: string | null, more: object = {}) => ({
  field,
  type: 'quantitative',
  title,
  scale: { zero: false },
  ...more,
});

/** Returns the colour encoding of the field `series`; a single series has no legend. */
export const seriesColours = (names: readonly string[], colours: readonly string[] = SERIES) => ({
  field: 'series',
  type: 'nominal',
  sort: null,
  scale: { domain: names, range: names.map((_, i) => colours[i % colours.length]) },
  ...(names.length > 1 ? {} : { legend: null }),
});

/** Thins out points for a curve: at most so many, the first and the last among them. */
export function thinned<Point>(points: readonly Point[], most = 400): readonly Point[] {
  if (points.length <= most) return points;
  const step = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => points[Math.round(i * step)]);
}
