/** Compares single derivatives of an instance of one row with difference quotients, each only once. */
import type { FloatArray } from '../kernels/kernels.js';
import type { Instance, InstanceOptions } from './instance.js';
import { passesEstimates } from './owngradient.js';
import type { PreciseLoss } from './precise/pass.js';
import { roundingsOf } from './rounding.js';
import { type Judgement, judge, quotientsOf } from './verdict.js';

/** Holds x, or what a layer of the list computes, with ∂Div by each of its values. */
interface CheckedVector {
  readonly values: FloatArray;
  readonly derivatives: FloatArray;
  /**
   * Whether these are no derivatives, because a layer behind passes back an estimate: nothing is compared.
   */
  readonly estimate: boolean;
}

/** Holds the derivatives of an instance, and compares those that it is asked for. */
export interface Checker {
  /** ∂Div in the block of all parameters. */
  readonly gradient: FloatArray;
  /** x and the outputs of all layers of the list, so that vector 0 is x. */
  readonly vectors: readonly CheckedVector[];
  /** Compares ∂Div by number i of a vector; null for an estimate. */
  ofVector(vector: number, i: number): Judgement | null;
  /** Compares ∂Div by the parameter at this place in the block. */
  ofParameter(offset: number): Judgement;
}

/** Computes the derivatives of an instance that was made with `options`. */
export function createChecker(instance: Instance, options: InstanceOptions, loss: PreciseLoss): Checker {
  const { network } = instance;
  const roundings = roundingsOf(instance, options);
  const gradient = instance.gradient().slice();
  const arrays = [
    { values: network.input.slice(), derivatives: network.inputGradient!.slice() },
    ...network.arrays.map(({ y, dy }) => ({ values: y.slice(), derivatives: dy.slice() })),
  ];
  const vectors = arrays.map((array, layer) => ({
    ...array,
    estimate: passesEstimates(network.layers.slice(layer)),
  }));
  return {
    gradient,
    vectors,
    ofVector: remembered((vector, i) =>
      vectors[vector].estimate
        ? null
        : judge(
            quotientsOf((step, quick) => loss.withInput(vector, i, step, quick), loss.at0),
            vectors[vector].derivatives[i],
            roundings.vectors[vector][i],
          ),
    ),
    ofParameter: remembered((offset) =>
      judge(
        quotientsOf((step, quick) => loss.withParameters(new Map([[offset, step]]), quick), loss.at0),
        gradient[offset],
        roundings.parameters[offset],
      ),
    ),
  };
}

/** Returns the function with a memory of what it returned. */
function remembered<Arguments extends number[], Result>(
  compute: (...args: Arguments) => Result,
): (...args: Arguments) => Result {
  const known = new Map<string, Result>();
  return (...args) => {
    const key = args.join();
    const found = known.has(key) ? known.get(key)! : compute(...args);
    known.set(key, found);
    return found;
  };
}
