/**
 * Temperature scaling (Guo et al. 2017): softmax(z/T) with one number T for all rows, chosen on rows that the
 * network was not trained on. Everything here takes probabilities p rather than logits z, because softmax(log
 * p/T) is softmax(z/T), and the mean of several networks' probabilities has no logits.
 */
import { exp, ln, lnSumExp } from '../elementary.js';

/** A batch of rows with a probability for each class. */
export interface ClassProbabilities {
  /** [R, classes], row by row. */
  readonly probabilities: ArrayLike<number>;
  readonly classes: number;
}

/** Rows whose class is known. */
export interface LabelledProbabilities extends ClassProbabilities {
  /** [R]: the index of each row's class. */
  readonly labels: ArrayLike<number>;
}

/** Temperatures outside these bounds are not searched. */
const LOWEST = 0.1;
const HIGHEST = 10;
/** log p counts as at least this: a probability that float32 rounds to 0 lies below e^−87. */
const LEAST_LOG = -87;
/** The search ends when a step changes ln T by less than this. */
const TOLERANCE = 1e-9;
const MOST_STEPS = 100;

/**
 * Returns the temperature that minimises the mean of −log p_c over the rows, never one that is worse than 1.
 * The loss is convex in β = 1/T, so its derivative changes sign once: Newton steps, or halving ln T where
 * they leave the bracket, find where. Without a change of sign between the bounds it returns 1, because rows
 * that are all right (or worse than chance) say only that T should be extreme.
 */
export function fitTemperature(rows: LabelledProbabilities): number {
  const logs = logarithms(rows);
  let low = 1 / HIGHEST;
  let high = 1 / LOWEST;
  if (!(slopeAt(rows, logs, low).slope < 0 && slopeAt(rows, logs, high).slope > 0)) return 1;
  let beta = 1;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { slope, curvature } = slopeAt(rows, logs, beta);
    if (slope < 0) low = beta;
    else high = beta;
    const newton = beta - slope / curvature;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    const change = Math.abs(ln(next / beta));
    beta = next;
    if (change < TOLERANCE) break;
  }
  const temperature = 1 / beta;
  return meanLogLoss(rows, temperature) < meanLogLoss(rows, 1) ? temperature : 1;
}

/** Returns the mean over rows of −log softmax(log p/T)_c. */
export function meanLogLoss(rows: LabelledProbabilities, temperature: number): number {
  const { classes, labels } = rows;
  const logs = logarithms(rows);
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const at = row * classes;
    sum += lnSumExp(logs, at, classes, 1 / temperature) - logs[at + labels[row]] / temperature;
  }
  return sum / labels.length;
}

/** Returns softmax(log p/T) of every row: [R, classes]. A probability of 0 stays 0. */
export function withTemperature(rows: ClassProbabilities, temperature: number): Float32Array {
  const { probabilities, classes } = rows;
  const logs = logarithms(rows);
  const beta = 1 / temperature;
  const scaled = new Float32Array(probabilities.length);
  for (let at = 0; at < scaled.length; at += classes) {
    const logSum = lnSumExp(logs, at, classes, beta);
    for (let j = at; j < at + classes; j++) {
      scaled[j] = probabilities[j] > 0 ? exp(beta * logs[j] - logSum) : 0;
    }
  }
  return scaled;
}

function logarithms({ probabilities }: ClassProbabilities): Float64Array {
  return Float64Array.from(probabilities, (p) => Math.max(ln(p), LEAST_LOG));
}

function rowMaximum(values: Float64Array, at: number, classes: number): number {
  let max = values[at];
  for (let j = at + 1; j < at + classes; j++) max = Math.max(max, values[j]);
  return max;
}

/**
 * Returns the first and the second derivative of the summed loss by β: with q = softmax(β log p), these are Σ
 * (E_q[log p] − log p_c) and Σ Var_q[log p].
 */
function slopeAt(
  { classes, labels }: LabelledProbabilities,
  logs: Float64Array,
  beta: number,
): { slope: number; curvature: number } {
  let slope = 0;
  let curvature = 0;
  for (let row = 0; row < labels.length; row++) {
    const at = row * classes;
    const max = rowMaximum(logs, at, classes);
    let sum = 0;
    let first = 0;
    let second = 0;
    for (let j = at; j < at + classes; j++) {
      const distance = logs[j] - max;
      const weight = exp(beta * distance);
      sum += weight;
      first += weight * distance;
      second += weight * distance * distance;
    }
    const mean = first / sum;
    slope += mean - (logs[at + labels[row]] - max);
    curvature += second / sum - mean * mean;
  }
  return { slope, curvature };
}
