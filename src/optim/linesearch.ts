/**
 * Line search for the strong Wolfe conditions (Nocedal & Wright 2006, algorithms 3.5 and 3.6, with cubic
 * interpolation). It takes the same steps as torch.optim.LBFGS and stops after 26 evaluations at the latest.
 */

/** A point of the line: its distance t, the loss there, and the derivative of the loss along the line. */
export interface LinePoint {
  readonly t: number;
  readonly value: number;
  readonly slope: number;
}

/** The conditions' constants c₁ and c₂: the loss must fall by this share of what the slope promises … */
const DECREASE = 1e-4;
/** … and the slope must flatten to this share. */
const CURVATURE = 0.9;
const EVALUATIONS = 25;
/** A bracket is not narrowed further once it moves no weight by more than this. */
const SMALLEST = 1e-9;

/**
 * Returns the distance to go along the line.
 * @param along evaluates the loss at a distance
 * @param origin the point at distance 0
 * @param first the distance to try first
 * @param largest the largest component of the direction
 */
export async function strongWolfe(
  along: (t: number) => Promise<LinePoint>,
  origin: LinePoint,
  first: number,
  largest: number,
): Promise<number> {
  const tooHigh = ({ t, value }: LinePoint) => value > origin.value + DECREASE * t * origin.slope;
  const flat = ({ slope }: LinePoint) => Math.abs(slope) <= -CURVATURE * origin.slope;

  // Go outwards until the minimum lies between the last two points.
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

  // Narrow the bracket until its lower end fulfils both conditions.
  let [low, high] = before.value <= point.value ? [before, point] : [point, before];
  let stuck = false;
  for (; tried < EVALUATIONS && Math.abs(high.t - low.t) * largest >= SMALLEST; tried++) {
    const [left, right] = low.t <= high.t ? [low.t, high.t] : [high.t, low.t];
    let t = minimum(low, high, left, right);
    const margin = 0.1 * (right - left);
    // A point near an end narrows the bracket little, so the second in a row is moved inwards, and so is one
    // that lies on the end itself.
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

/** Returns the minimum of the cubic through both points with their slopes, kept within [least, most]. */
function minimum(a: LinePoint, b: LinePoint, least: number, most: number): number {
  const [p, q] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = p.slope + q.slope - (3 * (p.value - q.value)) / (p.t - q.t);
  const square = d1 * d1 - p.slope * q.slope;
  if (!(square >= 0)) return (least + most) / 2; // This also handles values that are not finite.
  const d2 = Math.sqrt(square);
  const t = q.t - (q.t - p.t) * ((q.slope + d2 - d1) / (q.slope - p.slope + 2 * d2));
  return Math.min(Math.max(t, least), most);
}
