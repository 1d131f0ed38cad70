/** Defines how charts look on a light and on a dark background. */
import type { Config } from 'vega-lite';

/** Each colour on a light background, and the one that takes its place on a dark one. */
const COLOURS = {
  ground: ['#ffffff', '#0f172a'],
  text: ['#1f2937', '#e5e7eb'],
  muted: ['#64748b', '#94a3b9'],
  grid: ['#e2e8f0', '#273449'],
  faint: ['#cbd5e1', '#475569'],
  blue: ['#2563eb', '#60a5fa'],
  sky: ['#38bdf8', '#7dd3fc'],
  orange: ['#ea580c', '#fb923c'],
  amber: ['#f59e0b', '#fbbf24'],
  green: ['#059669', '#34d399'],
  violet: ['#8b5cf6', '#a78bfa'],
  grey: ['#94a3b8', '#7c8ba1'],
} as const;
type ColourName = keyof typeof COLOURS;

/** The light colours, which the drawing is made with. */
export const COLOUR = Object.fromEntries(
  Object.entries(COLOURS).map(([name, [light]]) => [name, light]),
) as Readonly<Record<ColourName, string>>;

const FONT = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";

export const PANEL = { width: 370, height: 220 } as const;

export const CONFIG: Config = {
  background: COLOUR.ground,
  font: FONT,
  padding: 20,
  view: { stroke: null },
  title: {
    color: COLOUR.text,
    subtitleColor: COLOUR.muted,
    fontSize: 13,
    fontWeight: 600,
    subtitleFontSize: 11,
    subtitlePadding: 4,
    anchor: 'start',
    frame: 'group',
    offset: 12,
  },
  axis: {
    labelColor: COLOUR.muted,
    titleColor: COLOUR.muted,
    domainColor: COLOUR.faint,
    tickColor: COLOUR.faint,
    gridColor: COLOUR.grid,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 8,
  },
  legend: {
    orient: 'top',
    direction: 'horizontal',
    title: null,
    labelColor: COLOUR.text,
    labelFontSize: 11,
    labelLimit: 0,
    symbolStrokeWidth: 2,
    symbolSize: 60,
    offset: 6,
    columnPadding: 12,
  },
};

/** Returns the rules of a style sheet that give a drawing its dark colours. */
export function darkRules(): string {
  return Object.values(COLOURS)
    .map(([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`)
    .join('\n');
}

/** The dark colours, for what is drawn by a style sheet. */
export const DARK_COLOUR = Object.fromEntries(
  Object.entries(COLOURS).map(([name, [, dark]]) => [name, dark]),
) as Readonly<Record<ColourName, string>>;

/** Adds a style sheet that repaints the drawing where the reader's background is dark. */
export function withDarkColours(svg: string, title: string): string {
  const style = `<title>${title}</title>\n<style>@media (prefers-color-scheme: dark) {\n${darkRules()}\n}</style>`;
  return `${svg.replace(/(<svg[^>]*)>/, `$1 role="img">${style}`)}\n`;
}
