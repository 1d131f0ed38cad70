/** Follows the lines along which a grid of numbers crosses a level (marching squares). */

/** Drawing units between two points of the grid. */
export const CELL = 20;

/** A grid of [size, size] numbers, row by row; rows are drawn upwards. */
export interface Grid {
  readonly size: number;
  readonly at: (column: number, row: number) => number;
}

/**
 * Returns the region in which a grid is at or above a level, as the path of an SVG: closed lines, which run
 * along the border where the region reaches it. Between two points of the grid, the numbers are taken to be
 * linear.
 */
export function regionPath(grid: Grid, level: number): string {
  return loopsOf(grid, level)
    .map((points) => closedPath(points))
    .join('');
}

type Point = readonly [x: number, y: number];

/** A crossing lies on an edge of the grid: the one to the right of a point, or the one above it. */
const edgeKey = (column: number, row: number, up: 0 | 1, size: number) =>
  ((row + 1) * (size + 2) + column + 1) * 2 + up;

/** Lists the closed lines. Around the grid lies a ring of points below the level, so that none stays open. */
function loopsOf({ size, at }: Grid, level: number): Point[][] {
  const inside = (column: number, row: number) =>
    column >= 0 && row >= 0 && column < size && row < size && at(column, row) >= level;
  const next = new Map<number, number>();
  const points = new Map<number, Point>();
  const crossing = (column: number, row: number, up: 0 | 1): number => {
    const key = edgeKey(column, row, up, size);
    if (!points.has(key)) points.set(key, crossingOf({ size, at }, level, column, row, up));
    return key;
  };
  for (let row = -1; row < size; row++) {
    for (let column = -1; column < size; column++) {
      const corners = [
        inside(column, row),
        inside(column + 1, row),
        inside(column + 1, row + 1),
        inside(column, row + 1),
      ];
      const edges = [
        () => crossing(column, row, 0),
        () => crossing(column + 1, row, 1),
        () => crossing(column, row + 1, 0),
        () => crossing(column, row, 1),
      ];
      for (const [from, to] of segments(corners, () => centre({ size, at }, column, row) >= level)) {
        next.set(edges[from](), edges[to]());
      }
    }
  }
  return followed(next, points);
}

/** The lines through a cell, from one of its edges to another, with the region on the left. */
function segments(corners: readonly boolean[], isJoined: () => boolean): [number, number][] {
  const starts = [0, 1, 2, 3].filter((i) => corners[i] && !corners[(i + 1) % 4]);
  const ends = [0, 1, 2, 3].filter((i) => !corners[i] && corners[(i + 1) % 4]);
  if (starts.length === 0) return [];
  if (starts.length === 1) return [[starts[0], ends[0]]];
  // Two corners across are inside: the middle of the cell says whether they are joined.
  const joined = isJoined();
  return starts.map((start) => [start, (start + (joined ? 1 : 3)) % 4]);
}

function centre({ size, at }: Grid, column: number, row: number): number {
  const clamp = (i: number) => Math.min(size - 1, Math.max(0, i));
  let sum = 0;
  for (const c of [column, column + 1]) for (const r of [row, row + 1]) sum += at(clamp(c), clamp(r));
  return sum / 4;
}

/** The point at which an edge crosses the level; beyond the grid, the border. */
function crossingOf({ size, at }: Grid, level: number, column: number, row: number, up: 0 | 1): Point {
  const clamp = (i: number) => Math.min(size - 1, Math.max(0, i));
  const [c0, r0] = [clamp(column), clamp(row)];
  const [c1, r1] = [clamp(column + 1 - up), clamp(row + up)];
  const [a, b] = [at(c0, r0), at(c1, r1)];
  const share = a === b ? 0 : Math.min(1, Math.max(0, (level - a) / (b - a)));
  return [c0 + (c1 - c0) * share, r0 + (r1 - r0) * share];
}

function followed(next: Map<number, number>, points: ReadonlyMap<number, Point>): Point[][] {
  const loops: Point[][] = [];
  for (const [start] of next) {
    if (!next.has(start)) continue;
    const loop: Point[] = [];
    for (let key: number | undefined = start; key !== undefined; ) {
      loop.push(points.get(key)!);
      const after: number | undefined = next.get(key);
      next.delete(key);
      key = after;
    }
    loops.push(loop);
  }
  return loops;
}

/** Writes a closed line in whole units, relative to the point before, without points that change nothing. */
function closedPath(loop: readonly Point[]): string {
  const rounded = loop.map(([x, y]): Point => [Math.round(CELL * x), Math.round(CELL * y)]);
  const moved = rounded.filter(([x, y], i) => {
    const [before] = [rounded[(i + rounded.length - 1) % rounded.length]];
    return x !== before[0] || y !== before[1];
  });
  const bent = moved.filter(([x, y], i) => {
    const [px, py] = moved[(i + moved.length - 1) % moved.length];
    const [nx, ny] = moved[(i + 1) % moved.length];
    return (x - px) * (ny - y) !== (y - py) * (nx - x);
  });
  if (bent.length < 3) return '';
  const steps = bent.slice(1).map(([x, y], i) => signed(x - bent[i][0]) + signed(bent[i][1] - y));
  return `M${bent[0][0]} ${-bent[0][1]}l${steps.join('').replace(/^ /, '')}z`;
}

/** A negative number needs no blank before it. */
const signed = (value: number) => (value < 0 ? String(value) : ` ${value}`);
