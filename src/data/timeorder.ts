/** Parts rows by time: what is trained on lies before what is validated or tested on. */

/** A range of rows in the order of time. */
interface Era {
  readonly train: Uint32Array<SharedArrayBuffer>;
  /** The rows that follow. */
  readonly held: Uint32Array<SharedArrayBuffer>;
}

/** Which of the earlier rows a fold is trained on: all, or as many as the first fold has. */
export const TIME_WINDOWS = ['expanding', 'sliding'] as const;

/**
 * Returns the last rows in order of time as `folds` consecutive folds, each with the rows before it, as
 * scikit-learn's TimeSeriesSplit does; null where there are too few different times. Rows of one time are
 * never parted, so folds may have other sizes where times repeat.
 */
export function timeFolds(
  times: ArrayLike<number>,
  folds: number,
  window: (typeof TIME_WINDOWS)[number],
): Era[] | null {
  const count = times.length;
  const order = orderOf(times);
  const size = Math.floor(count / (folds + 1));
  const wanted = Array.from({ length: folds }, (_, fold) => count - (folds - fold) * size);
  const bounds = size === 0 ? null : betweenTimes(times, order, wanted);
  if (bounds === null) return null;
  return bounds.map((from, fold) => ({
    train: ascending(order.subarray(window === 'sliding' ? from - bounds[0] : 0, from)),
    held: ascending(order.subarray(from, bounds[fold + 1] ?? count)),
  }));
}

/**
 * Returns the positions at which rows in order of time are cut so that the last parts have their shares of
 * the rows, with the rows in that order; null where there are too few different times.
 * @param shares of the parts after the first, all above 0
 */
export function timeParts(
  times: ArrayLike<number>,
  shares: readonly number[],
): Uint32Array<SharedArrayBuffer>[] | null {
  const count = times.length;
  const order = orderOf(times);
  let later = 0;
  const wanted = shares
    .toReversed()
    .map((share) => {
      later += share;
      return Math.min(count - 1, Math.max(1, count - Math.round(later * count)));
    })
    .reverse();
  const bounds = betweenTimes(times, order, wanted);
  if (bounds === null) return null;
  return [0, ...bounds].map((from, part) => ascending(order.subarray(from, bounds[part] ?? count)));
}

/** Returns the rows in order of time, rows of one time in their own order. */
function orderOf(times: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: times.length }, (_, row) => row).sort(
    (a, b) => times[a] - times[b] || a - b,
  );
}

/**
 * Moves cuts so that none parts rows of one time: back to the first row of that time, or on to the next time
 * where that would leave nothing before the cut. Returns null where that leaves nothing after one.
 */
function betweenTimes(
  times: ArrayLike<number>,
  order: Uint32Array,
  wanted: readonly number[],
): number[] | null {
  const timeAt = (position: number) => times[order[position]];
  const bounds: number[] = [];
  for (const cut of wanted) {
    const before = bounds.at(-1) ?? 0;
    let found = cut;
    while (found > before && timeAt(found - 1) === timeAt(cut)) found--;
    if (found <= before) {
      found = Math.max(cut, before + 1);
      while (found < order.length && timeAt(found) === timeAt(found - 1)) found++;
    }
    if (found >= order.length) return null;
    bounds.push(found);
  }
  return bounds;
}

function ascending(rows: Uint32Array): Uint32Array<SharedArrayBuffer> {
  const shared = new Uint32Array(new SharedArrayBuffer(4 * rows.length));
  shared.set(rows);
  return shared.sort();
}
