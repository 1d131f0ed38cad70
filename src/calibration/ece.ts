import type { ClassProbabilities, LabelledProbabilities } from './temperature.js';

const BINS = 15;

interface WeightedProbabilities extends LabelledProbabilities {
  readonly weights?: ArrayLike<number> | null;
}

/** A bin of rows with similar confidence, as a reliability diagram shows it. */
interface CalibrationBin {
  /** Rows of the bin, or what they count together. */
  readonly weight: number;
  /** The share of them whose most probable class is right. */
  readonly accuracy: number;
  /** Their mean largest probability. */
  readonly confidence: number;
}

/**
 * Adds up the expected calibration error (Guo et al. 2017): rows go into 15 bins of equal width by the
 * largest of their probabilities, and the distance of a bin's accuracy from its mean probability counts with
 * the share of its rows.
 */
export class CalibrationError {
  readonly #right = new Float64Array(BINS);
  readonly #confidence = new Float64Array(BINS);
  readonly #weight = new Float64Array(BINS);
  #rows = 0;

  /** @param weights [R]: what each row counts; null or nothing where all count the same */
  add({ probabilities, classes, labels, weights = null }: WeightedProbabilities): void {
    for (let row = 0; row < labels.length; row++) {
      const weight = weights === null ? 1 : weights[row];
      const best = mostProbable({ probabilities, classes }, row);
      const confidence = probabilities[row * classes + best];
      const bin = Math.min(BINS, Math.max(1, Math.ceil(confidence * BINS))) - 1; // (k/15, (k+1)/15]
      this.#right[bin] += best === labels[row] ? weight : 0;
      this.#confidence[bin] += weight * confidence;
      this.#weight[bin] += weight;
      this.#rows += weight;
    }
  }

  /** The bins that hold rows, in rising order of confidence. */
  get bins(): CalibrationBin[] {
    return Array.from(this.#weight, (weight, bin) => ({
      weight,
      accuracy: this.#right[bin] / weight,
      confidence: this.#confidence[bin] / weight,
    })).filter(({ weight }) => weight > 0);
  }

  get value(): number {
    const gaps = this.#right.map((right, bin) => Math.abs(right - this.#confidence[bin]));
    return gaps.reduce((sum, gap) => sum + gap, 0) / this.#rows;
  }
}

/** Returns the expected calibration error of some rows. */
export function expectedCalibrationError(rows: LabelledProbabilities): number {
  const error = new CalibrationError();
  error.add(rows);
  return error.value;
}

/** Returns the class of a row's largest probability, the first of equals. */
export function mostProbable({ probabilities, classes }: ClassProbabilities, row: number): number {
  let best = 0;
  for (let j = 1; j < classes; j++) {
    if (probabilities[row * classes + j] > probabilities[row * classes + best]) best = j;
  }
  return best;
}
