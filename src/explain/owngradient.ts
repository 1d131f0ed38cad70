/** Compares the gradient of a trained network with difference quotients that have 31 digits. */
import type { FloatArray } from '../kernels/kernels.js';
import type { Layer } from '../network/layer.js';
import { Stream } from '../random.js';
import { taylorSlope } from './differences.js';
import { type GradientCheck, type ParameterCheck, sample, slopeAlongSomeDirection } from './gradient.js';
import { differentiable, EXPLAIN_PURPOSE, type Instance, type InstanceOptions } from './instance.js';
import { preciseLoss } from './precise/pass.js';
import { roundingsOf } from './rounding.js';
import { type Judgement, judge, quotientsOf } from './verdict.js';

/** How a gradient compares with the difference quotients of its network. */
interface OwnGradientCheck extends Pick<GradientCheck, 'parameters'> {
  /** One for each parameter array: which derivatives were judged, and how. */
  readonly judgements: readonly (readonly (Judgement & { readonly derivative: number })[])[];
}

/** Judges gradients by the difference quotients of one network. */
export interface OwnChecker {
  check(gradient: FloatArray): OwnGradientCheck;
  /**
   * Slope of the Taylor test along changes of one number in each parameter array; null where Div is linear.
   */
  slope(gradient: FloatArray): number | null;
}

/** Says whether some of these layers pass back an estimate where their derivative is 0. */
export function passesEstimates(layers: readonly Layer[]): boolean {
  return layers.some(({ gradient, branches }) => gradient === 'estimate' || branches.some(passesEstimates));
}

/** Says whether the gradient of this layer's parameters holds estimates rather than derivatives. */
export const isEstimated = (layers: readonly Layer[], index: number): boolean =>
  passesEstimates(layers.slice(index + 1)) || layers[index].branches.some(passesEstimates);

/**
 * Measures at most `mostOfEach` difference quotients of each parameter array, and returns what judges a
 * gradient by them. Arrays before an estimate have none.
 */
export function ownGradientCheck(
  instance: Instance,
  options: InstanceOptions,
  mostOfEach: number,
): OwnChecker {
  const { layers } = options.objective;
  const gradient = instance.gradient().slice();
  const roundings = roundingsOf(instance, options).parameters;
  const loss = preciseLoss(instance, options.objective);
  const views = differentiable(instance.layout).map((view, counter) => {
    const { name, offset, length } = view;
    const compared = !isEstimated(layers, Number.parseInt(name, 10));
    const indices = compared ? sample(gradient.subarray(offset, offset + length), mostOfEach, counter) : [];
    const quotients = indices.map((i) =>
      quotientsOf((step, quick) => loss.withParameters(new Map([[offset + i, step]]), quick), loss.at0),
    );
    return { ...view, indices, quotients };
  });
  const slopeAlong = (found: FloatArray, attempt: number) => {
    const stream = new Stream(1, EXPLAIN_PURPOSE.direction, attempt);
    const direction = views.flatMap(({ offset, indices }): [number, number][] =>
      indices.length > 0 ? [[offset + indices[0], 2 * stream.uniform() - 1]] : [],
    );
    const along = (weigh: (offset: number, part: number) => number) =>
      direction.reduce((sum, [offset, part]) => sum + weigh(offset, part), 0);
    const derivative = along((offset, part) => part * found[offset]);
    const rounding = along(
      (offset, part) => Math.abs(part) * (roundings[offset] + 1e-15 * Math.abs(found[offset])),
    );
    const rise = (h: number) => {
      const steps = new Map(direction.map(([offset, part]) => [offset, h * part]));
      return loss.withParameters(steps, true).minus(loss.at0).high;
    };
    return taylorSlope(rise, derivative, { shortest: 1e-9, noise: (h) => 100 * h * rounding + 1e-28 });
  };
  const check = (found: FloatArray): OwnGradientCheck => {
    const judgements = views.map(({ offset, indices, quotients }) =>
      quotients.map((quotient, at) => {
        const derivative = found[offset + indices[at]];
        return { ...judge(quotient, derivative, roundings[offset + indices[at]]), derivative };
      }),
    );
    const parameters = views.map(({ name, length, indices }, view): ParameterCheck => {
      const judged = judgements[view];
      const worst = judged.reduce((most, { error }, at) => (error > judged[most].error ? at : most), 0);
      return {
        name,
        checked: judged.length,
        count: length,
        kinks: judged.filter(({ kink }) => kink).length,
        small: judged.filter(({ verdict }) => verdict === 'small').length,
        error: judged[worst]?.error ?? 0,
        index: indices[worst] ?? 0,
      };
    });
    return { parameters, judgements };
  };
  return {
    check,
    slope: (found) => slopeAlongSomeDirection((attempt) => slopeAlong(found, attempt)),
  };
}
