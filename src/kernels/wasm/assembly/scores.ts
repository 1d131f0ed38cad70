// What a step adds up row by row, in float64: losses, weights and scores.

/** start + values[from] + … + values[to − 1], one after the other. */
export function sumFloats(values: usize, from: i32, to: i32, start: f64): f64 {
  for (let i = from; i < to; i++) start += <f64>f32.load(values + (<usize>i << 2));
  return start;
}

/** Adds up doubles as sumFloats adds up floats. */
export function sumDoubles(values: usize, from: i32, to: i32, start: f64): f64 {
  for (let i = from; i < to; i++) start += f64.load(values + (<usize>i << 3));
  return start;
}

/**
 * The rows of y[.., N] whose largest output, the first of equals, is that of their class. A single output
 * means class 1 above the threshold and class 0 otherwise.
 */
export function countRight(y: usize, classes: usize, from: i32, to: i32, N: i32, threshold: f64): i32 {
  let right = 0;
  for (let r = from; r < to; r++) {
    const row = y + (<usize>(r * N) << 2);
    let found = 0;
    if (N == 1) found = i32(<f64>f32.load(row) > threshold);
    else {
      let best = f32.load(row);
      for (let j = 1; j < N; j++) {
        const value = f32.load(row + (<usize>j << 2));
        if (value > best) {
          best = value;
          found = j;
        }
      }
    }
    right += i32(<f32>found == f32.load(classes + (<usize>r << 2)));
  }
  return right;
}
