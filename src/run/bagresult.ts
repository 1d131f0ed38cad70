/** The last event of a bag: the mean of its members as a model, and what it reaches. */
import { join } from 'node:path';
import { chooseKernels } from '../kernels/choose.js';
import { calibrateModel } from '../model/calibrate.js';
import type { SavedModel } from '../model/format.js';
import { measureModel } from '../model/measure.js';
import type { RunnableModel } from '../model/runner.js';
import { saveModel } from '../model/write.js';
import { membersSha256 } from '../network/digest.js';
import { parameterLayout } from '../network/layout.js';
import type { TrainResult } from '../train/events.js';
import type { BagPlan } from './bagplan.js';
import { type BagScores, scoreBag, validationRows } from './bagscore.js';
import { RUN_FILES } from './folder.js';
import { kernelKeys } from './kernels.js';
import type { Member } from './members.js';
import { auditedOf } from './result.js';

/** Where the members stand at the end of a session. */
interface EndOfSession {
  readonly members: readonly Member[];
  readonly folder: string | null;
  readonly workers: number;
  /** Members that were trained at the same time. */
  readonly atOnce: number;
}

/**
 * Makes a model of the members, writes it and evaluates it. A bag that was interrupted has no model yet.
 * @throws DivergedError where a metric of the members' mean is not finite
 */
export function endOfBag(
  plan: BagPlan,
  { members, folder, workers, atOnce }: EndOfSession,
): Omit<TrainResult, 'wallSeconds' | 'profile'> {
  const { config } = plan;
  const results = members.flatMap(({ result }) => (result === null ? [] : [result]));
  const interrupted =
    results.length < members.length || results.some(({ status }) => status === 'interrupted');
  const digest = membersSha256(results.map(({ weightsSha256 }) => weightsSha256));
  const steps = sum(results.map((result) => result.steps));
  const epochs = results.reduce((most, result) => Math.max(most, result.epochs), 0);
  const [first] = plan.members;
  const facts = { members: members.length, epochs, steps, seed: config.seed, kernels: first.kernels };
  const layout = parameterLayout(first.layers);
  const weights = members.map((member) => member.weights);
  const { outOfFold, gain, ...metrics } = interrupted
    ? NOTHING
    : scoredModel(plan, { weights: weights[0], bag: weights, layout, facts }, folder);
  return {
    run: folder,
    status: interrupted ? 'interrupted' : commonStatus(results),
    reason: interrupted ? 'interrupted' : commonReason(results),
    weightsSha256: digest,
    epochs,
    steps,
    bestEpoch: null,
    ...metrics,
    ...auditedOf(config, results),
    samplesPerSecond:
      (atOnce * sum(results.map((result) => result.samplesPerSecond))) / Math.max(1, results.length),
    workers,
    shards: config.shards,
    kernels: first.kernels,
    precision: config.precision,
    seed: config.seed,
    parameters: members.length * layout.count,
    bag: {
      members: results.map(({ seed, status, epochs: own, bestEpoch, val, weightsSha256 }) => {
        return { seed, status, epochs: own, bestEpoch, val, weightsSha256 };
      }),
      outOfFold,
      gain,
    },
  };
}

const NOTHING: BagScores = { train: null, val: null, test: null, outOfFold: null, gain: null };

/** Calibrates the model and writes it, if there is a folder, and evaluates it. */
function scoredModel(
  { config, members: [first], data }: BagPlan,
  parts: Pick<SavedModel, 'layout' | 'facts'> & Pick<RunnableModel, 'weights' | 'bag'>,
  folder: string | null,
): BagScores {
  const { network, layers } = first;
  const model = { network, layers, schema: first.data.schema, ...parts };
  const chosen = chooseKernels({ ...kernelKeys(first.kernels, first.library), precision: 'f32' });
  const applied = config.calibrate === 'temperature';
  const source = `${data.whole.name}, validation`;
  const held = validationRows(data);
  const calibration =
    folder !== null || applied ? calibrateModel(model, held, { chosen, applied, source }) : null;
  // The model is written before the evaluation, because a row of the test data can end the run.
  if (folder) saveModel(join(folder, RUN_FILES.model), { ...model, calibration });
  const calibrated = { ...model, calibration };
  const { test } = data.whole;
  const scores = {
    val: measureModel(calibrated, held, { chosen, source }),
    test: measureModel(calibrated, test === null ? [] : [{ subset: test }], {
      chosen,
      source: `${data.whole.name}, test`,
    }),
  };
  return { ...scoreBag(model, data, chosen), scores };
}

const commonStatus = (results: readonly TrainResult[]): TrainResult['status'] =>
  results.every(({ status }) => status === 'early-stopped') ? 'early-stopped' : 'completed';

/** Says why the members ended, each reason once. */
function commonReason(results: readonly TrainResult[]): string {
  const reasons = [...new Set(results.map(({ reason }) => reason))];
  if (reasons.length === 1) return reasons[0];
  return reasons
    .map((reason) => {
      const members = results.filter((result) => result.reason === reason).length;
      return `${members} of ${results.length} members: ${reason}`;
    })
    .join('; ');
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
