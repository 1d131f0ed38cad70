/** The splits of a table into training and test rows: a pure function of its targets. */

export const FOLDS = 3;
export const REPEATS = 3;

/**
 * Returns the fold of each row, once for each repeat. Each class is dealt to the folds in turn after its rows
 * were shuffled, and dealing goes on with the next class where it ended, so that folds differ by one row at
 * most, as does each class in them. Numbers are one class.
 * @param targets the class of each row, or a number
 * @returns {number[][]} [repeat][row]
 */
export function splits(targets, task, { folds = FOLDS, repeats = REPEATS } = {}) {
  const groups = new Map();
  targets.forEach((target, row) => {
    const group = task === 'classification' ? target : '';
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(row);
  });
  return Array.from({ length: repeats }, (_, repeat) => {
    const foldOf = new Array(targets.length);
    const below = randomBelow(repeat + 1);
    let dealt = 0;
    for (const rows of groups.values()) {
      for (const row of shuffled(rows, below)) foldOf[row] = dealt++ % folds;
    }
    return foldOf;
  });
}

/** Shuffles a copy (Fisher and Yates). */
function shuffled(rows, below) {
  const result = [...rows];
  for (let last = result.length - 1; last > 0; last--) {
    const other = below(last + 1);
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}

/** Returns a generator of whole numbers below a limit: the high bits of Marsaglia's 32-bit xorshift. */
function randomBelow(seed) {
  let state = Math.imul(seed, 0x9e3779b9) | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  };
}
