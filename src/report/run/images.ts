/** Draws rows of arrays that are images. */
import type { Dataset } from '../../data/dataset.js';
import type { Schema } from '../../data/schema.js';
import { Html, html } from '../html.js';
import { type Pixels, pngOf } from './png.js';

/** Where the numbers of a pixel lie in a row. */
interface ImageLayout {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Whether all numbers of a channel stand together, as PyTorch has them. */
  readonly planes: boolean;
}

const [LEAST_SIDE, MOST_SIDE] = [4, 256];

/** Returns how a row is an image: [28, 28], [32, 32, 3] or [3, 32, 32]; null where it is none. */
export function imageLayout(schema: Schema): ImageLayout | null {
  if (schema.kind !== 'arrays') return null;
  const { shape } = schema;
  const fits = (...sides: readonly number[]) =>
    sides.every((side) => side >= LEAST_SIDE && side <= MOST_SIDE);
  const [a, b, c] = shape;
  if (shape.length === 2 && fits(a, b)) return { height: a, width: b, channels: 1, planes: false };
  if (shape.length !== 3) return null;
  if ((c === 1 || c === 3) && fits(a, b)) return { height: a, width: b, channels: c, planes: false };
  if ((a === 1 || a === 3) && fits(b, c)) return { height: b, width: c, channels: a, planes: true };
  return null;
}

/** Draws a row of a dataset as an image of its own size. */
export function imageHtml(
  { numbers, numberWidth }: Dataset,
  row: number,
  layout: ImageLayout,
  alt: string,
): Html {
  const values = numbers.subarray(row * numberWidth, (row + 1) * numberWidth);
  const png = pngOf({ ...layout, values: levelsOf(values, layout) });
  return html`<img alt="${alt}" width="${layout.width}" height="${layout.height}" src="data:image/png;base64,${new Html(png.toString('base64'))}">`;
}

/** Returns levels from 0 to 255: bytes as they are, other numbers from their least to their largest. */
function levelsOf(
  values: ArrayLike<number>,
  { width, height, channels, planes }: ImageLayout,
): Pixels['values'] {
  let [low, high] = [0, 255];
  if (!(values instanceof Uint8Array)) {
    [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < values.length; i++) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
  }
  const scale = high > low ? 255 / (high - low) : 0;
  const levels = new Uint8Array(width * height * channels);
  for (let i = 0; i < levels.length; i++) {
    const from = planes ? (i % channels) * width * height + Math.floor(i / channels) : i;
    levels[i] = Math.round((values[from] - low) * scale);
  }
  return levels;
}
