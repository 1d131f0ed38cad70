/**
 * Defines problems of points in the plane: each class lies on a curve, or around a spot, under normal noise.
 */
import { cos } from '../../elementary.js';
import { allocate } from '../elements.js';
import { normalNoise, sin } from './draws.js';
import { type BuiltInProblem, pointCount } from './problem.js';

/** Places the k-th of a class's `count` points, without noise. */
type PlacePoint = (label: number, k: number, count: number) => readonly [x: number, y: number];

interface Planar extends Pick<BuiltInProblem, 'summary' | 'complete'> {
  readonly classes: number;
  readonly points: number;
  readonly noise: number;
  readonly point: PlacePoint;
}

/**
 * Makes a problem of points in the plane. Rows take the classes in turn, so they are balanced to within one.
 */
function planar({ summary, complete = false, classes, points: count, noise, point }: Planar): BuiltInProblem {
  return {
    summary,
    size: pointCount(count),
    noise,
    complete,
    sample({ size, noise, seed }) {
      const inputs = allocate('f64', 2 * size);
      const labels = allocate('u8', size);
      const draw = normalNoise(seed, noise);
      for (let row = 0; row < size; row++) {
        const label = row % classes;
        const [x, y] = point(label, Math.floor(row / classes), Math.ceil((size - label) / classes));
        inputs[2 * row] = x + draw();
        inputs[2 * row + 1] = y + draw();
        labels[row] = label;
      }
      return { inputs, width: 2, labels };
    },
  };
}

/**
 * Two intertwined spirals (Lang & Witbrock 1988): 97 points on each arm, which goes round three times; one
 * arm is the other mirrored in the origin.
 */
export const spirals = planar({
  summary: 'two intertwined spirals, 194 points (Lang & Witbrock 1988)',
  classes: 2,
  points: 194,
  noise: 0,
  complete: true,
  point(label, k, count) {
    const i = (96 * k) / (count - 1);
    const angle = (i * Math.PI) / 16;
    const radius = (6.5 * (104 - i)) / 104;
    const side = label === 0 ? -1 : 1;
    return [side * radius * sin(angle), side * radius * cos(angle)];
  },
});

/** Two interleaving half circles, as in scikit-learn's make_moons. */
export const moons = planar({
  summary: 'two interleaving half circles',
  classes: 2,
  points: 1000,
  noise: 0.1,
  point(label, k, count) {
    const angle = (k * Math.PI) / (count - 1);
    return label === 0 ? [cos(angle), sin(angle)] : [1 - cos(angle), 0.5 - sin(angle)];
  },
});

/** A circle within a circle, as in scikit-learn's make_circles with factor 0.5. */
export const circles = planar({
  summary: 'a circle within a circle',
  classes: 2,
  points: 1000,
  noise: 0.1,
  point(label, k, count) {
    const angle = (2 * k * Math.PI) / count;
    const radius = label === 0 ? 1 : 0.5;
    return [radius * cos(angle), radius * sin(angle)];
  },
});

/**
 * Three round clusters. Their centres are the same for every seed, so that another seed gives another sample
 * of the same problem.
 */
export const blobs = planar({
  summary: 'three round clusters',
  classes: 3,
  points: 1000,
  noise: 1,
  point(label) {
    const angle = (2 * label * Math.PI) / 3;
    return [4 * cos(angle), 4 * sin(angle)];
  },
});
