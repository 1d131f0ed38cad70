/** Puts the frames of a picture side by side into one SVG file. */
import { COLOUR, withDarkColours } from '../../bench/plot/theme.js';
import type { Picture } from '../../run/picture/file.js';
import { escapeText, withVisible } from '../html.js';
import {
  classColour,
  frameBody,
  frameTitle,
  missingText,
  pictureText,
  pointsSymbol,
  sideOf,
} from './frames.js';

const COLUMNS = 4;
/** Pixels of a frame, between frames, of a line of text, and around all. */
const FRAME = 200;
const GAP = 16;
const LINE = 20;
const MARGIN = 16;
const FONT = 'font-family="ui-sans-serif, system-ui, \'Segoe UI\', Helvetica, Arial, sans-serif"';

/** Returns the picture as an SVG document in colours for a light and a dark ground. */
export function pictureSvg(picture: Picture, title: string): string {
  const { plane, frames } = picture;
  const columns = Math.max(2, Math.min(COLUMNS, frames.length));
  const rows = Math.ceil(frames.length / columns);
  const width = 2 * MARGIN + columns * (FRAME + GAP) - GAP;
  const top = MARGIN + LINE * 2.4;
  const height = top + rows * (FRAME + LINE + GAP) + LINE;
  const scale = FRAME / sideOf(plane);
  const drawn = frames.map((frame, i) => {
    const x = MARGIN + (i % columns) * (FRAME + GAP);
    const y = top + LINE + Math.floor(i / columns) * (FRAME + LINE + GAP);
    return `${text(x, y - 6, frameTitle(frame))}<g transform="translate(${x} ${y}) scale(${scale.toFixed(5)})">${frameBody(frame, plane, 'rows')}</g>`;
  });
  const missing = missingText(picture);
  const axes = `${plane.inputs[0]} to the right, ${plane.inputs[1]} upwards${missing === null ? '' : `. ${missing}`}`;
  const body = [
    `<defs>${pointsSymbol(plane, 'rows')}</defs>`,
    `<rect width="${width}" height="${height}" fill="${COLOUR.ground}"/>`,
    text(MARGIN, MARGIN + 12, title, `font-weight="600" font-size="15" fill="${COLOUR.text}"`),
    legend(picture, MARGIN, MARGIN + 12 + LINE * 1.2),
    ...drawn,
    text(MARGIN, height - 8, axes),
  ].join('\n');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${body}\n</svg>`;
  return withDarkColours(svg, escapeText(`${title}. ${pictureText(picture)}`));
}

function text(x: number, y: number, words: string, style = `font-size="12" fill="${COLOUR.muted}"`): string {
  return `<text x="${x}" y="${y}" ${FONT} ${style}>${escapeText(withVisible(words))}</text>`;
}

/** The classes with their colours, or what the tints of a number stand for. */
function legend({ plane: { classes, target, range } }: Picture, x: number, y: number): string {
  if (classes === null || range !== null) {
    const [low, high] = range ?? [0, 1];
    const round = (value: number) => String(Number(value.toPrecision(3)));
    return text(x, y, `${target}: the stronger the blue, the larger, from ${round(low)} to ${round(high)}`);
  }
  let at = x;
  return classes
    .map((name, c) => {
      const mark = `<circle cx="${at + 5}" cy="${y - 4}" r="5" fill="${classColour(c)}"/>`;
      const label = text(at + 15, y, shortName(name));
      at += 34 + 7 * shortName(name).length;
      return mark + label;
    })
    .join('');
}

const shortName = (name: string): string => (name.length > 16 ? `${name.slice(0, 15)}…` : name);
