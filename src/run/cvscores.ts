/** Measures the held-out rows of a cross-validation, each predicted by the network of its fold. */
import type { Calibration } from '../calibration/record.js';
import { chooseKernels } from '../kernels/choose.js';
import type { Scores } from '../metrics/measure.js';
import { calibrateTogether } from '../model/calibrate.js';
import { measureTogether } from '../model/measure.js';
import type { CrossValidationPlan } from './cvplan.js';
import { kernelKeys } from './kernels.js';
import type { Member } from './members.js';

/** Measures how sure predictions are. */
export function calibrationOfFolds(
  plan: CrossValidationPlan,
  members: readonly Member[],
): Calibration | null {
  return calibrateTogether(predictedByFolds(plan, members), {
    chosen: kernelsOf(plan),
    applied: plan.config.calibrate === 'temperature',
    source: sourceOf(plan),
  });
}

/** Returns every metric of all held-out rows together. */
export function scoresOfFolds(plan: CrossValidationPlan, members: readonly Member[]): Scores | null {
  const calibration = plan.config.calibrate === 'temperature' ? calibrationOfFolds(plan, members) : null;
  const groups = predictedByFolds(plan, members).map(({ model, subset }) => {
    return { model: { ...model, calibration }, subset };
  });
  return measureTogether(groups, { chosen: kernelsOf(plan), source: sourceOf(plan) });
}

function predictedByFolds({ data, folds }: CrossValidationPlan, members: readonly Member[]) {
  return folds.map(({ network, layers, data: own }, index) => ({
    model: { network, layers, schema: own.schema, weights: members[index].weights },
    subset: own[data.held]!,
  }));
}

const kernelsOf = ({ folds: [first] }: CrossValidationPlan) =>
  chooseKernels({ ...kernelKeys(first.kernels, first.library), precision: 'f32' });

const sourceOf = ({ data }: CrossValidationPlan): string => `${data.whole.name}, folds`;
