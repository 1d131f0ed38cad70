/** Draws on the terminal what a network of two inputs has learned, two points of the plane in a character. */
import { type Picture, readPicture } from '../../src/run/picture/file.js';
import { RANGE_STEPS } from '../../src/run/picture/record.js';
import { inColours, terminalWidth, visible } from './text.js';

/** Characters of a line, and points above each other. */
const WIDTH = 40;
const HEIGHT = 40;
/** Colours of text on a terminal for classes 1, 2, …; ten more is the same colour as a ground. */
const INKS = [34, 33, 32, 35, 36, 31];
/** Without colours, a character stands for a class or for a predicted number. */
const CLASS_MARKS = ['·', '#', 'o', '+', '=', '%'];
const SHADES = [' ', '░', '▒', '▓', '█'];

/** Draws the last frame of a run; null where it has none, or where there is no room. */
export function smallPicture(run: string): string | null {
  const picture = readPicture(run);
  if (picture === null || picture.frames.length === 0 || terminalWidth() < WIDTH) return null;
  return pictureLines(picture, process.stdout.hasColors?.() ?? false).join('\n');
}

/** Writes the lines of the drawing, and one that says what the colours or marks stand for. */
function pictureLines({ plane, frames }: Picture, colours: boolean): string[] {
  const { grids } = frames[frames.length - 1];
  const { size, classes, inputs, target } = plane;
  const at = (column: number, row: number) => {
    const x = Math.round((column * (size - 1)) / (WIDTH - 1));
    const y = Math.round((row * (size - 1)) / (HEIGHT - 1));
    return levelOf(grids, y * size + x, classes);
  };
  const lines = Array.from({ length: HEIGHT / 2 }, (_, line) => {
    const upper = HEIGHT - 1 - 2 * line;
    return Array.from({ length: WIDTH }, (_, column) => {
      const [a, b] = [at(column, upper), at(column, upper - 1)];
      if (classes === null) return SHADES[Math.round((a + b) / 2)];
      return colours ? inColours([INKS[a], INKS[b] + 10], '▀') : CLASS_MARKS[b];
    }).join('');
  });
  const axes = `${visible(inputs[0])} to the right, ${visible(inputs[1])} upwards`;
  return [...lines, `${legendText(classes, target, colours)} (${axes})`];
}

/** The class at a point of the grid, or how dark a predicted number is. */
function levelOf(grids: readonly Int16Array[], i: number, classes: readonly string[] | null): number {
  if (classes === null) {
    const share = Math.min(1, Math.max(0, grids[0][i] / RANGE_STEPS));
    return share * (SHADES.length - 1);
  }
  if (grids.length === 1) return grids[0][i] > 0 ? 1 : 0;
  return Math.max(
    0,
    grids.findIndex((grid) => grid[i] > 0),
  );
}

function legendText(classes: readonly string[] | null, target: string, colours: boolean): string {
  if (classes === null) return `${visible(target)}: the lighter, the larger`;
  return classes
    .map((name, c) => `${colours ? inColours([INKS[c]], '█') : CLASS_MARKS[c]} ${visible(name)}`)
    .join('  ');
}
