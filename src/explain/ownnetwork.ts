/** Checks all derivatives on the user's own network and rows: `gradpool gradcheck CONFIG`. */

import { measure } from '../kernels/arena.js';
import { objective } from '../network/network.js';
import type { Alter } from './cases.js';
import { TOLERANCE } from './differences.js';
import {
  type Controls,
  compareFloat32,
  failuresOf,
  type GradcheckReport,
  summarize,
  withScaledDerivatives,
} from './gradcheck.js';
import type { ParameterCheck } from './gradient.js';
import { type Arithmetic, createInstance, FLOAT64, type Instance, type InstanceOptions } from './instance.js';
import { type OwnChecker, ownGradientCheck } from './owngradient.js';
import { FLOAT32_ULP, roundingsOf, scatter } from './rounding.js';
import type { Subject } from './subject.js';

/** Says how well the gradient of one network agrees with differences. */
export interface NetworkReport
  extends Pick<GradcheckReport, 'tolerance' | 'all' | 'float32' | 'controls' | 'failures'> {
  readonly instance: string;
  readonly rows: number;
  readonly parameters: readonly ParameterCheck[];
}

/**
 * Derivatives that are compared for each parameter, of a network with up to so many parameters, and of a
 * larger one.
 */
const MOST_OF_EACH = 32;
const SMALL_PARAMETERS = 20_000;
const MOST_OF_LARGE = 8;

/**
 * Checks the derivatives of a network of your own on your own rows, as it is trained: with the divergence
 * fused, with dropout and batch statistics, and with the rows in two shards.
 *
 * @param alter exchanges layers, for wrong ones, to see the check fail
 * @returns a report whose `failures` are empty if all passed; `assertPassed` throws the first
 * @example
 * ```js
 * import { assertPassed, gradcheckNetwork, openSubject, train } from 'gradpool';
 *
 * const training = train(
 *   { data: 'iris', layers: [{ dense: 8 }, 'gelu', { dense: 3 }, 'softmax'], epochs: 10 },
 *   { out: 'runs/checked' },
 * );
 * for await (const event of training) void event;
 * const report = gradcheckNetwork(await openSubject({ path: 'runs/checked', rows: 20 }));
 * assertPassed(report);
 * console.log(report.rows, report.parameters.length); // → 20 4
 * ```
 */
export function gradcheckNetwork(subject: Subject, alter?: Alter): NetworkReport {
  const make = (arithmetic?: Arithmetic) => instanceOf(subject, arithmetic, alter);
  const right = make(FLOAT64);
  const most = subject.weights.length <= SMALL_PARAMETERS ? MOST_OF_EACH : MOST_OF_LARGE;
  const checker = ownGradientCheck(instanceOf(subject), optionsOf(subject), most);
  const gradient = right.gradient().slice();
  const { parameters } = checker.check(gradient);
  const tolerance = scatter(roundingsOf(right, optionsOf(subject), FLOAT32_ULP).parameters, gradient);
  const named = parameters.map((one) => ({
    ...one,
    name: `${subject.layers[Number.parseInt(one.name, 10)].kind} ${one.name}`,
  }));
  const found = { name: subject.instance, parameters: named, slope: checker.slope(gradient) };
  const report = {
    tolerance: TOLERANCE,
    all: summarize('all', [found]),
    float32: compareFloat32([{ name: subject.instance, make, tolerance }], bytesOf(subject)),
    controls: controlsOf(subject, checker),
  };
  return {
    ...report,
    instance: subject.instance,
    rows: subject.rows,
    parameters: named,
    failures: failuresOf(report),
  };
}

function optionsOf(
  { layers, loss, lossParameter, rows }: Subject,
  alter: Alter = (layer) => layer,
): InstanceOptions {
  const target = objective(layers, loss, lossParameter);
  return { objective: { ...target, layers: target.layers.map(alter) }, rows, training: true };
}

/**
 * Builds the network on the subject's rows, with all numbers rounded to float32 as training has them, so that
 * float32 and float64 arithmetic start from equal numbers.
 */
function instanceOf(subject: Subject, arithmetic: Arithmetic = FLOAT64, alter?: Alter): Instance {
  const instance = createInstance({ ...optionsOf(subject, alter), arithmetic });
  instance.parameters.set(subject.weights.map(Math.fround));
  instance.network.input.set(subject.x.map(Math.fround));
  instance.desired.set(subject.d.map(Math.fround));
  return instance;
}

/** Returns how many bytes the arrays take in float32. */
function bytesOf(subject: Subject): number {
  return measure((arena) =>
    createInstance({
      ...optionsOf(subject),
      arithmetic: { ...FLOAT64, allocate: (length) => arena.floats(length) },
    }),
  );
}

/**
 * Makes the derivatives of each layer in turn 1e-5 too large, where parameters at or before it feel that. A
 * derivative that is 0 or at a kink stays right then.
 */
function controlsOf(subject: Subject, { check }: OwnChecker): Controls {
  const { layers } = objective(subject.layers, subject.loss, subject.lossParameter);
  const faults = layers.map((_, index) => {
    const wrong = instanceOf(subject, FLOAT64, wrongAt(index, 1 + 1e-5));
    const { parameters, judgements } = check(wrong.gradient());
    const last = layers[index].parameters.length > 0 ? index : index - 1; // branches keep their gradients
    const felt = judgements.filter((_, view) => Number.parseInt(parameters[view].name, 10) <= last).flat();
    const told = felt.filter(
      ({ verdict, kink, derivative }) => verdict !== 'small' && !kink && derivative !== 0,
    );
    return { felt, told, error: Math.max(0, ...felt.map(({ error }) => error)) };
  });
  const looked = faults.filter(({ felt }) => felt.length > 0);
  const errors = looked.filter(({ told }) => told.length > 0).map(({ error }) => error);
  return {
    total: looked.length,
    caught: errors.filter((error) => error > TOLERANCE).length,
    small: looked.length - errors.length,
    error: errors.length > 0 ? Math.min(...errors) : 0,
    slope: null, // near a minimum the slope of a gradient that is 1 % wrong is 2 as well
  };
}

/** Scales the derivatives of layer `index`, counted from 0 in the order in which layers are handed over. */
function wrongAt(index: number, factor: number): Alter {
  let count = 0;
  return (layer) => (count++ === index ? withScaledDerivatives(layer, factor) : layer);
}
