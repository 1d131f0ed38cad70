/**
 * A line search for the strong Wolfe conditions (Nocedal & Wright 2006, algorithms 3.5 and 3.6, with cubic
 * interpolation), step for step that of torch.optim.LBFGS. Sure to stop after at most 25 evaluations.
 */

/** A point of the line: how far, the loss there, and its derivative along the line. */
export interface LinePoint {
  readonly t: number;
  readonly value: number;
  readonly slope: number;
}

const DECREASE = 1e-4;
const CURVATURE = 0.9;
const EVALUATIONS = 25;
/** the change of the largest weight below which a bracket is not cut any further */
const SMALLEST = 1e-9;

/**
 * How far to go. @param along evaluates the loss on the line; @param origin its point at t = 0; @param first
 * the t to try first; @param reach the largest component of the direction
 */
export async function strongWolfe(
  along: (t: number) => Promise<LinePoint>,
  origin: LinePoint,
  first: number,
  reach: number,
): Promise<number> {
  const tooHigh = ({ t, value }: LinePoint) => value > origin.value + DECREASE * t * origin.slope;
  const flat = ({ slope }: LinePoint) => Math.abs(slope) <= -CURVATURE * origin.slope;

  // out, until the minimum lies between the last two points
  let before = origin;
  let point = await along(first);
  let tried = 0;
  for (; tried < EVALUATIONS; tried++) {
    if (tooHigh(point) || (tried > 1 && point.value >= before.value)) break;
    if (flat(point)) return point.t;
    if (point.slope >= 0) break;
    const t = minimum(before, point, point.t + 0.01 * (point.t - before.t), 10 * point.t);
    before = point;
    point = await along(t);
  }
  if (tried === EVALUATIONS) before = origin;

  // in, until the lower end of the bracket fulfils both conditions
  let [low, high] = before.value <= point.value ? [before, point] : [point, before];
  let stuck = false;
  for (; tried < EVALUATIONS && Math.abs(high.t - low.t) * reach >= SMALLEST; tried++) {
    const [left, right] = low.t <= high.t ? [low.t, high.t] : [high.t, low.t];
    let t = minimum(low, high, left, right);
    const margin = 0.1 * (right - left);
    const near = Math.min(right - t, t - left) < margin;
    if (near && (stuck || t >= right || t <= left)) {
      t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
      stuck = false;
    } else stuck = near;
    point = await along(t);
    if (tooHigh(point) || point.value >= low.value) {
      high = point;
    } else {
      if (flat(point)) return point.t;
      if (point.slope * (high.t - low.t) >= 0) high = low;
      low = point;
    }
    if (high.value < low.value) [low, high] = [high, low];
  }
  return low.t;
}

/** Where the cubic through both points with their slopes has its minimum, kept within [least, most]. */
function minimum(a: LinePoint, b: LinePoint, least: number, most: number): number {
  const [p, q] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = p.slope + q.slope - (3 * (p.value - q.value)) / (p.t - q.t);
  const square = d1 * d1 - p.slope * q.slope;
  if (!(square >= 0)) return (least + most) / 2; // also where a value is not finite
  const d2 = Math.sqrt(square);
  const t = q.t - (q.t - p.t) * ((q.slope + d2 - d1) / (q.slope - p.slope + 2 * d2));
  return Math.min(Math.max(t, least), most);
}
