/** Draws what a network of two inputs computes over their plane, a drawing for each recorded epoch. */
import { COLOUR } from '../../bench/plot/theme.js';
import type { Picture, PictureFrame, Plane } from '../../run/picture/file.js';
import { CLASS_STEPS, RANGE_STEPS } from '../../run/picture/record.js';
import { SERIES } from '../chart.js';
import { Html, html } from '../html.js';
import { CELL, type Grid, regionPath } from './contours.js';

/** Leads from which a region has a stronger tint: for logits, odds of 1, 2.7 and 12 to 1. */
const LEADS = [0, 1, 2.5];
/** Shares of the range of a predicted number at which its tint becomes stronger. */
const SHARES = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1];

/** Width and height of a drawing of this plane, in its own units. */
export const sideOf = ({ size }: Plane): number => CELL * (size - 1);

/** Names a frame: 'before training', 'epoch 8', 'epoch 300, the weights kept'. */
export function frameTitle({ epoch, final }: PictureFrame): string {
  if (final) return `epoch ${epoch}, kept`;
  return epoch === 0 ? 'before training' : `epoch ${epoch}`;
}

/** Returns the colour of a class. */
export const classColour = (index: number): string => SERIES[index % SERIES.length];

/**
 * Draws the training rows, whose colours are those of their classes or numbers, for every frame to use.
 * @param id what the frames refer to
 */
export function pointsSymbol(plane: Plane, id: string): string {
  const side = sideOf(plane);
  const { low, high, classes, range, points } = plane;
  const place = (value: number, input: 0 | 1) =>
    Math.round((side * (value - low[input])) / (high[input] - low[input]));
  const radius = points.length > 100 ? 9 : 15;
  const drawn = points.map(([x, y, label]) => {
    const share = range === null ? 1 : Math.min(1, Math.max(0, (label - range[0]) / (range[1] - range[0])));
    const fill = classes === null ? COLOUR.blue : classColour(label);
    const opacity = range === null ? '' : ` fill-opacity="${share.toFixed(2)}"`;
    return `<circle cx="${place(x, 0)}" cy="${side - place(y, 1)}" r="${radius}" fill="${fill}"${opacity}/>`;
  });
  const ring = range === null ? COLOUR.ground : COLOUR.text;
  return `<g id="${id}" stroke="${ring}" stroke-width="3">${drawn.join('')}</g>`;
}

/** Draws one frame, in the units of `sideOf`, from its top left corner. */
export function frameBody({ grids }: PictureFrame, plane: Plane, pointsId: string): string {
  const side = sideOf(plane);
  const regions =
    plane.classes === null ? shades(grids[0], plane) : classRegions(grids, plane, plane.classes.length);
  return [
    `<rect width="${side}" height="${side}" fill="${COLOUR.ground}"/>`,
    `<g transform="translate(0 ${side})">${regions}</g>`,
    `<use href="#${pointsId}"/>`,
    `<rect width="${side}" height="${side}" fill="none" stroke="${COLOUR.faint}" stroke-width="4"/>`,
  ].join('');
}

const gridOf = (numbers: Int16Array, size: number, sign = 1): Grid => ({
  size,
  at: (column, row) => sign * numbers[row * size + column],
});

/** The region of each class, tinted more strongly where its lead is larger; a line runs along its border. */
function classRegions(grids: readonly Int16Array[], { size }: Plane, classes: number): string {
  const fields = Array.from({ length: classes }, (_, c) =>
    grids.length === 1 ? gridOf(grids[0], size, c === 0 ? -1 : 1) : gridOf(grids[c], size),
  );
  return fields
    .map((field, c) => {
      const paths = LEADS.map((lead) => regionPath(field, lead * CLASS_STEPS));
      const tints = paths.map((d) => (d === '' ? '' : `<path d="${d}"/>`)).join('');
      const line =
        paths[0] === '' ? '' : `<path d="${paths[0]}" fill="none" stroke="${COLOUR.text}" stroke-width="3"/>`;
      return `<g fill="${classColour(c)}" fill-opacity="0.17">${tints}</g>${c === 0 ? '' : line}`;
    })
    .join('');
}

/** A predicted number: the larger it is, the stronger the tint. */
function shades(numbers: Int16Array, { size }: Plane): string {
  const field = gridOf(numbers, size);
  const tints = SHARES.map((share) => regionPath(field, share * RANGE_STEPS))
    .filter((d) => d !== '')
    .map((d) => `<path d="${d}"/>`);
  return `<g fill="${COLOUR.blue}" fill-opacity="0.11">${tints.join('')}</g>`;
}

/** Says in words what a picture shows, for those who do not see it. */
export function pictureText({ plane, frames }: Picture): string {
  const { inputs, classes, target } = plane;
  const what = classes === null ? `The predicted ${target}` : `The regions of ${classes.join(', ')}`;
  const last = frames.at(-1);
  return `${what} over ${inputs[0]} (to the right) and ${inputs[1]} (upwards), ${frames.length} times from ${
    frames[0] ? frameTitle(frames[0]) : 'the start'
  } to ${last ? frameTitle(last) : 'the end'}`;
}

/** Says what is missing at the beginning of a picture; null where nothing is. */
export function missingText({ frames }: Picture): string | null {
  if (frames.length === 0) return 'No frame was recorded: the network gave no finite numbers on the plane.';
  const [{ epoch }] = frames;
  return epoch === 0 ? null : `What came before epoch ${epoch} was not recorded.`;
}

/** Pixels of a drawing where no style says otherwise. */
const PIXELS = 210;

/**
 * Returns the drawing of a frame for a page.
 * @param points the id of the symbol that holds the rows
 * @param first whether the frame is the page's first, which defines that symbol
 */
export function frameSvg(frame: PictureFrame, plane: Plane, points: string, first: boolean): Html {
  const side = sideOf(plane);
  return html`<svg class="chart" viewBox="0 0 ${side} ${side}" width="${PIXELS}" height="${PIXELS}" role="img" aria-label="${pictureText({ plane, frames: [frame] })}">${
    first && new Html(`<defs>${pointsSymbol(plane, points)}</defs>`)
  }${new Html(frameBody(frame, plane, points))}</svg>`;
}

/** Returns a dot in the colour of a class, for the legend of a page. */
export const swatch = (index: number): Html =>
  html`<svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><circle cx="6" cy="6" r="6" fill="${classColour(index)}"/></svg>`;
