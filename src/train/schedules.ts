/** The values of hyper-parameters that follow a schedule: each is a function of the step alone. */
import { didYouMean } from '../didyoumean.js';
import { UsageError } from '../errors.js';
import type { HyperValues } from '../hyperparameters.js';
import { DIVERGENCES, type Divergence } from '../network/divergences.js';
import type { Layer } from '../network/layer.js';
import type { Objective } from '../network/network.js';
import type { NetworkSpec } from '../network/spec.js';
import { scheduleFactor } from '../optim/schedules.js';
import type { TrainConfig } from './config.js';

/** The parts of a plan that scheduled values follow from. */
interface Planned {
  readonly config: TrainConfig;
  readonly network: NetworkSpec;
  readonly objective: Objective;
  readonly hyper: HyperValues;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/** Throws UsageError for a schedule of something that this training has no number of. */
export function checkSchedules(
  { config, network, hyper }: Pick<Planned, 'config' | 'network' | 'hyper'>,
  layers: readonly Layer[],
): void {
  const { parameter }: Divergence = DIVERGENCES[network.loss];
  const own = Object.entries(hyper).filter(([, value]) => isScaled(value));
  const dropout = layers.some(dropsUnits) ? ['dropout'] : [];
  const known = [...dropout, ...own.map(([key]) => key), ...(parameter ? [parameter.name] : [])];
  const unknown = Object.keys(config.schedules ?? {}).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  if (unknown === 'lr') {
    throw new UsageError('schedules: the learning rate has the key schedule of its own: take that');
  }
  throw new UsageError(
    `schedules: optimizer ${config.optimizer} with loss ${network.loss} has no '${unknown}' to schedule${didYouMean(unknown, known)}; known: ${known.join(', ')}`,
  );
}

function dropsUnits({ drops, branches }: Layer): boolean {
  return drops === true || branches.some((branch) => branch.some(dropsUnits));
}

/** Whether a hyper-parameter is a number or a list of them, which a schedule can multiply. */
function isScaled(value: unknown): value is number | number[] {
  return (
    typeof value === 'number' || (Array.isArray(value) && value.every((item) => typeof item === 'number'))
  );
}

/** Returns what a schedule multiplies a number by at a step, counted from 0. */
function factorAt({ config, stepsPerEpoch, totalSteps }: Planned, key: string, step: number): number {
  const name = config.schedules?.[key];
  // Warm-up belongs to the learning rate.
  return name ? scheduleFactor(name, { step, stepsPerEpoch, totalSteps }, { ...config, warmup: 0 }) : 1;
}

/** Returns the optimiser's hyper-parameters at a step, counted from 0. */
export function hyperAt(plan: Planned, step: number): HyperValues {
  const { config, hyper } = plan;
  if (config.schedules === undefined) return hyper;
  const values = Object.entries(hyper).map(([key, value]) => {
    const factor = factorAt(plan, key, step);
    // A number above 0 stays above 0: a rule decides by it whether to keep a slot.
    const scaled = (number: number) => (number > 0 ? Math.max(Number.MIN_VALUE, number * factor) : number);
    return [key, isScaled(value) ? (Array.isArray(value) ? value.map(scaled) : scaled(value)) : value];
  });
  return Object.fromEntries(values);
}

/** The numbers of a step that the forward and backward pass depend on. */
export interface PassValues {
  /** What the probabilities of dropout are multiplied by. */
  readonly dropoutFactor: number;
  /** The divergence's parameter: label smoothing, … */
  readonly lossParameter: number;
}

/** Returns the numbers of a step, counted from 0, that a task of its gradient carries. */
export function passValuesAt(plan: Planned, step: number): PassValues {
  const { config, network, objective } = plan;
  if (config.schedules === undefined) return { dropoutFactor: 1, lossParameter: objective.parameter };
  const { parameter }: Divergence = DIVERGENCES[network.loss];
  const factor = parameter ? factorAt(plan, parameter.name, step) : 1;
  return {
    dropoutFactor: factorAt(plan, 'dropout', step),
    lossParameter: objective.parameter * factor,
  };
}
