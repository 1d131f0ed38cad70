/** Checks every derivative of the library, and tests the check itself: `gradpool gradcheck`. */
import { GateError } from '../errors.js';
import type { KernelName } from '../kernels/kernels.js';
import { DIFFERENTIABLE_NAMES } from '../network/activations.js';
import { DIVERGENCE_NAMES } from '../network/divergences.js';
import type { Layer } from '../network/layer.js';
import { type Alter, allCases, type Case, CHECKED_KINDS, caseOf, instanceOf, kinkCases } from './cases.js';
import { TOLERANCE } from './differences.js';
import { distance, float32Arithmetic, float32Kernels, float32Tolerance } from './float32.js';
import { checkGradient, type GradientCheck } from './gradient.js';
import { type Arithmetic, FLOAT64, type Instance } from './instance.js';

/** Distance from 2 that a Taylor slope may have. */
const SLOPE_TOLERANCE = 0.05;

/** Summarizes all cases that have a layer, an activation or a divergence in common. */
export interface Group {
  readonly name: string;
  readonly cases: number;
  readonly parameters: number;
  readonly kinks: number;
  /** Number of derivatives that are too small to check. */
  readonly small: number;
  readonly error: number;
  /** The Taylor slope furthest from 2; null where Div is linear. */
  readonly slope: number | null;
  /** The case and the parameter with the largest error. */
  readonly worst: string;
}

/** Compares a training's kernels with float64. */
export interface Float32Check {
  readonly kernels: KernelName;
  /** The largest distance, relative to the gradient. */
  readonly distance: number;
  /** The largest distance as a share of what rounding allows. */
  readonly share: number;
  /** The network with that share. */
  readonly worst: string;
}

/** Counts derivatives that were made wrong on purpose: a check that does not catch them proves nothing. */
export interface Controls {
  readonly total: number;
  readonly caught: number;
  /** Number of those that no derivative large enough to check could show. */
  readonly small: number;
  /** Error of the derivative that came nearest to passing. */
  readonly error: number;
  /** Slope of the Taylor test of a gradient that is 1 % wrong. */
  readonly slope: number | null;
}

/** Says how well all derivatives of the library agree with differences. */
export interface GradcheckReport {
  readonly tolerance: number;
  readonly all: Group;
  readonly layers: readonly Group[];
  readonly activations: readonly Group[];
  readonly divergences: readonly Group[];
  readonly float32: readonly Float32Check[];
  readonly controls: Controls;
  /** One line for each check that failed; empty if all passed. */
  readonly failures: readonly string[];
}

/** A case with the outcome of its check. */
interface CheckedCase extends GradientCheck {
  readonly name: string;
  readonly case: Case;
}

/**
 * Checks the derivatives of every layer kind × activation × divergence against difference quotients in
 * float64, and the training kernels against those. Wrong derivatives, made on purpose, must be noticed. It
 * takes a few seconds.
 *
 * @param alter exchanges layers, for wrong ones, to see the check fail
 * @returns a report whose `failures` are empty if all passed; `assertPassed` throws the first
 * @example
 * ```js
 * import { gradcheck } from 'gradpool';
 *
 * const { all, tolerance, controls, failures } = gradcheck();
 * console.log(all.error < tolerance, controls.caught === controls.total, failures); // → true true []
 * ```
 */
export function gradcheck(alter?: Alter): GradcheckReport {
  const cases = [...allCases(alter), ...kinkCases()];
  const found = cases.map((one): CheckedCase => {
    const on = one.kink === undefined ? '' : ' on its kink';
    const name = `${one.layer} x ${one.activation} x ${one.divergence}${on}`;
    const check = checkGradient(instanceOf(one));
    // The slope on one side of a kink says nothing about the other side.
    return { name, case: one, ...check, slope: one.kink === undefined ? check.slope : null };
  });
  const by = (key: 'layer' | 'activation' | 'divergence', names: readonly string[]) =>
    names.map((name) =>
      summarize(
        name,
        found.filter((one) => one.case[key] === name),
      ),
    );
  const float32 = compareFloat32(
    found.map((one) => ({ name: one.name, make: (on?: Arithmetic) => instanceOf(one.case, on) })),
  );
  const report = {
    tolerance: TOLERANCE,
    all: summarize('all', found),
    layers: by('layer', CHECKED_KINDS),
    activations: by('activation', DIFFERENTIABLE_NAMES),
    divergences: by('divergence', DIVERGENCE_NAMES),
    float32,
    controls: controls(),
  };
  return { ...report, failures: failuresOf(report) };
}

/** Summarizes checks under a name. */
export function summarize(
  name: string,
  found: readonly (Pick<GradientCheck, 'parameters' | 'slope'> & { readonly name: string })[],
): Group {
  const parameters = found.flatMap((one) =>
    one.parameters.map((parameter) => ({ ...parameter, network: one.name })),
  );
  const worst = parameters.reduce((a, b) => (b.error <= a.error ? a : b), parameters[0]);
  const slopes = found.flatMap(({ slope }) => (slope === null ? [] : [slope]));
  return {
    name,
    cases: found.length,
    parameters: sum(parameters.map(({ checked }) => checked)),
    kinks: sum(parameters.map(({ kinks }) => kinks)),
    small: sum(parameters.map(({ small }) => small)),
    error: worst?.error ?? 0,
    slope: slopes.length === 0 ? null : slopes.reduce((a, b) => (Math.abs(b - 2) > Math.abs(a - 2) ? b : a)),
    worst: worst ? `${worst.network}: ${worst.name}[${worst.index}]` : '',
  };
}

/** Compares the float32 gradient of each network, by every kind of kernels, with its float64 gradient. */
export function compareFloat32(
  networks: readonly {
    readonly name: string;
    readonly make: (on?: Arithmetic) => Instance;
    /**
     * How far rounding may move the gradient, where that is known; else it is estimated from small changes.
     */
    readonly tolerance?: number;
  }[],
  bytes = 2 ** 22,
): Float32Check[] {
  const kernels = float32Kernels().map((name) => ({ name, arithmetic: float32Arithmetic(name, bytes) }));
  const checks = kernels.map(({ name }) => ({ kernels: name, distance: 0, share: 0, worst: '' }));
  for (const { name, make, tolerance: least = 0 } of networks) {
    const exact = make();
    const tolerance = Math.max(least, float32Tolerance(exact));
    const gradient = exact.gradient();
    for (const [index, { arithmetic }] of kernels.entries()) {
      const found = distance(make(arithmetic.next()).gradient(), gradient);
      const check = checks[index];
      check.distance = Math.max(check.distance, found);
      if (!(found / tolerance <= check.share)) [check.share, check.worst] = [found / tolerance, name];
    }
  }
  return checks;
}

/** The derivatives of the controls are too large by this share. */
const FAULT = 1e-5;

/**
 * Checks one network for each layer kind, activation and divergence, in which its derivative alone is wrong.
 */
function controls(): Controls {
  const faulty =
    (kind: string): Alter =>
    (layer) =>
      layer.kind === kind ? withScaledDerivatives(layer, 1 + FAULT) : layer;
  const checks = [
    ...CHECKED_KINDS.map((kind) => instanceOf(caseOf(kind, 'tanh', 'squaredError', faulty(kind)))),
    ...DIFFERENTIABLE_NAMES.map((name) => instanceOf(caseOf('dense', name, 'squaredError', faulty(name)))),
    ...DIVERGENCE_NAMES.map((name) => instanceOf(caseOf('dense', 'tanh', name), WRONG_DIVERGENCE)),
  ];
  const errors = checks.map((instance) =>
    Math.max(...checkGradient(instance).parameters.map(({ error }) => error)),
  );
  const wrong = instanceOf(
    caseOf('dense', 'tanh', 'squaredError', (layer) => withScaledDerivatives(layer, 1.01)),
  );
  return {
    total: errors.length,
    caught: errors.filter((error) => error > TOLERANCE).length,
    small: 0,
    error: Math.min(...errors),
    slope: checkGradient(wrong, 1).slope,
  };
}

/** Returns the layer with its derivatives multiplied by a factor. */
export function withScaledDerivatives(layer: Layer, factor: number): Layer {
  return {
    ...layer,
    backward(pass, arrays) {
      layer.backward(pass, arrays);
      const gradients = pass.subtrees.flatMap(({ block }) =>
        arrays.gradients.map((gradient) => gradient[block]),
      );
      for (const array of arrays.dx ? [arrays.dx, ...gradients] : gradients) {
        for (let i = 0; i < array.length; i++) array[i] *= factor;
      }
    },
  };
}

/** Arithmetic in which the derivative of every divergence is too large. */
const WRONG_DIVERGENCE: Arithmetic = {
  ...FLOAT64,
  kernels: {
    ...FLOAT64.kernels,
    divergence(name, losses, dy, ...rest) {
      FLOAT64.kernels.divergence(name, losses, dy, ...rest);
      if (dy) for (let i = 0; i < dy.length; i++) dy[i] *= 1 + FAULT;
    },
  },
};

/** Says in one line each what did not pass. */
export function failuresOf({
  all,
  float32,
  controls,
}: Pick<GradcheckReport, 'all' | 'float32' | 'controls'>): string[] {
  const failures: string[] = [];
  if (!(all.error <= TOLERANCE))
    failures.push(`${all.worst}: relative error ${all.error.toExponential(1)} > ${TOLERANCE}`);
  if (all.slope !== null && !(Math.abs(all.slope - 2) <= SLOPE_TOLERANCE)) {
    failures.push(`Taylor slope ${all.slope.toFixed(3)}, expected 2.0 ± ${SLOPE_TOLERANCE}`);
  }
  for (const { kernels, share, worst } of float32) {
    if (!(share <= 1))
      failures.push(
        `${worst}: ${kernels} kernels are ${share.toFixed(1)} times as far off as rounding allows`,
      );
  }
  if (controls.caught + controls.small < controls.total) {
    failures.push(
      `${controls.total - controls.caught - controls.small} of ${controls.total} wrong derivatives were not noticed`,
    );
  }
  if (controls.slope !== null && Math.abs(controls.slope - 2) <= SLOPE_TOLERANCE) {
    failures.push('the Taylor test did not notice a gradient that is 1 % wrong');
  }
  return failures;
}

/**
 * Passes if a report of `gradcheck` or `gradcheckNetwork`, or a trace of `explain`, has no failures.
 *
 * @param command begins the error's message
 * @throws GateError, whose exit code is 5, with the first failure of a report that has any
 * @example
 * ```js
 * import { assertPassed } from 'gradpool';
 *
 * try {
 *   assertPassed({ failures: ['dense: the error is 0.1', 'tanh: the error is 0.2'] });
 * } catch (error) {
 *   console.log(String(error)); // → GateError: gradcheck: dense: the error is 0.1 (and 1 more)
 * }
 * ```
 */
export function assertPassed(
  { failures: [first, ...others] }: Pick<GradcheckReport, 'failures'>,
  command = 'gradcheck',
): void {
  if (first === undefined) return;
  throw new GateError(`${command}: ${first}${others.length > 0 ? ` (and ${others.length} more)` : ''}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
