/**
 * The mean of a bag's members. What is averaged are probabilities and rates where a network gives such, and
 * its outputs otherwise. A divergence that is fused with the last activation takes the activation's input, so
 * for it the mean is turned back into such an input; sums of exponentials are kept as logarithms on the way,
 * so that a probability too small for float32 still has a finite loss.
 */
import { exp, ln, lnSumExp } from '../elementary.js';
import type { FloatArray } from '../kernels/kernels.js';
import { outputWidth } from '../network/layer.js';
import type { Objective } from '../network/network.js';

/**
 * What the outputs that the divergence takes are: values; logarithms of values; logits, which a softmax
 * turns into probabilities of classes; or log-odds, which a sigmoid turns into probabilities.
 */
type OutputScale = 'values' | 'logarithms' | 'logits' | 'logOdds';

/** Adds up the outputs of one member after the other, for a block of rows. */
interface MemberMean {
  /** Takes the outputs [R, N] of the next member. */
  add(output: FloatArray, rows: number): void;
  /** Writes the mean of the members since the last call, as an output [R, N] that the divergence takes. */
  write(output: FloatArray, rows: number): void;
}

/** Creates the mean for blocks of at most `maxRows` rows. */
export function memberMean(objective: Objective, maxRows: number): MemberMean {
  const N = outputWidth(objective.layers);
  const scale = scaleOf(objective);
  if (scale === 'values') return meanOfValues(maxRows, N);
  const [sum, complement] = [logSums(maxRows * N), logSums(scale === 'logOdds' ? maxRows * N : 0)];
  let members = 0;
  return {
    add(output, rows) {
      members++;
      for (let from = 0; from < rows * N; from += N) {
        const shift = scale === 'logits' ? lnSumExp(output, from, N) : 0;
        for (let i = from; i < from + N; i++) {
          if (scale !== 'logOdds') sum.add(i, output[i] - shift);
          else {
            sum.add(i, logSigmoid(output[i]));
            complement.add(i, logSigmoid(-output[i]));
          }
        }
      }
    },
    write(output, rows) {
      for (let i = 0; i < rows * N; i++) {
        output[i] = scale === 'logOdds' ? sum.take(i) - complement.take(i) : sum.take(i) - ln(members);
      }
      members = 0;
    },
  };
}

function scaleOf({ fused, layers }: Objective): OutputScale {
  if (fused === null)
    return layers[layers.length - 1].probabilities === 'logarithms' ? 'logarithms' : 'values';
  if (fused.probabilities === undefined) return 'logarithms'; // exp turns them into rates
  return fused.probabilities === 'independent' ? 'logOdds' : 'logits';
}

function meanOfValues(maxRows: number, N: number): MemberMean {
  const sums = new Float64Array(maxRows * N);
  let members = 0;
  return {
    add(output, rows) {
      members++;
      for (let i = 0; i < rows * N; i++) sums[i] += output[i];
    },
    write(output, rows) {
      for (let i = 0; i < rows * N; i++) output[i] = sums[i] / members;
      sums.fill(0);
      members = 0;
    },
  };
}

interface LogSums {
  /** Adds e^logarithm to sum i. */
  add(i: number, logarithm: number): void;
  /** Returns the logarithm of sum i, which begins anew. */
  take(i: number): number;
}

/** Sums of exponentials, each kept as the largest exponent and a sum relative to it. */
function logSums(length: number): LogSums {
  const largest = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
  const sums = new Float64Array(length);
  return {
    add(i, logarithm) {
      if (logarithm > largest[i]) {
        sums[i] = sums[i] * exp(largest[i] - logarithm) + 1;
        largest[i] = logarithm;
      } else if (largest[i] > Number.NEGATIVE_INFINITY) sums[i] += exp(logarithm - largest[i]);
    },
    take(i) {
      const logarithm = largest[i] + ln(sums[i]);
      largest[i] = Number.NEGATIVE_INFINITY;
      sums[i] = 0;
      return logarithm;
    },
  };
}

const logSigmoid = (z: number): number => Math.min(z, 0) - ln(1 + exp(-Math.abs(z)));
