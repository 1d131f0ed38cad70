/** The first and the last event of a session: what is about to be trained, and what came of it. */
import { join } from 'node:path';
import type { Calibration } from '../calibration/record.js';
import type { TrainingData } from '../data/load.js';
import { chooseKernels } from '../kernels/choose.js';
import { calibrateModel } from '../model/calibrate.js';
import { measureModel } from '../model/measure.js';
import { saveModel } from '../model/write.js';
import { weightsSha256 } from '../network/digest.js';
import { layerTable } from '../network/table.js';
import type { StartedMember } from '../train/bagevents.js';
import { baselineOf } from '../train/baseline.js';
import type { TrainConfig } from '../train/config.js';
import type { StartEvent, TrainResult } from '../train/events.js';
import { criterionOf } from '../train/metric.js';
import type { TrainingPlan } from '../train/plan.js';
import { timed } from '../train/profile.js';
import { isHeldBack } from '../train/refit.js';
import { widths } from '../train/specification.js';
import type { Trainer } from '../train/trainer.js';
import { converged } from './epoch.js';
import { RUN_FILES } from './folder.js';
import { kernelKeys } from './kernels.js';
import type { Session } from './session.js';

/** Returns the event that says what is trained, on what, from which step on. */
export function startEvent(plan: TrainingPlan, folder: string | null, step: number): StartEvent {
  const { config, data } = plan;
  return {
    type: 'start',
    run: folder,
    dataset: data.name,
    task: data.task,
    classes: data.classes,
    rows: {
      train: data.train.rows.length,
      val: data.val?.rows.length ?? 0,
      test: data.test?.rows.length ?? 0,
    },
    network: plan.network,
    widths: widths(plan.layers),
    parameters: layerTable(plan.layers).reduce((sum, { parameters }) => sum + parameters, 0),
    batch: plan.batch,
    stepsPerEpoch: plan.stepsPerEpoch,
    epochs: config.epochs,
    step,
    kernels: plan.kernels,
    sharedBytes: plan.sharedBytes,
    notes: plan.notes,
    config,
  };
}

/** A bag or a cross-validation as configuration and data determine it. */
interface PlanOfSeveral {
  readonly config: StartEvent['config'];
  readonly data: { readonly whole: TrainingData };
  readonly notes: readonly string[];
}

/** Returns the event with which several trainings begin, and what each of them is. */
export function startOfSeveral(
  { config, data: { whole }, notes }: PlanOfSeveral,
  plans: readonly TrainingPlan[],
  folder: string | null,
): { start: StartEvent; networks: StartedMember[] } {
  const [first] = plans;
  const start = startEvent({ ...first, data: { ...first.data, test: whole.test } }, folder, 0);
  const networks = plans.map((plan) => ({
    seed: plan.config.seed,
    rows: { train: plan.data.train.rows.length, val: plan.data.val?.rows.length ?? 0 },
    stepsPerEpoch: plan.stepsPerEpoch,
    done: false,
  }));
  return { start: { ...start, notes, config }, networks };
}

/** Whether the weights of the best epoch are kept; without validation rows nothing says which that is. */
function keepsBest({ keep }: Pick<TrainConfig, 'keep'>, { val }: Pick<TrainingData, 'val'>): boolean {
  return keep === 'best' && val !== null;
}

/** Whether a training that has ended like this is followed by one on all rows. */
export function refits({ config, data }: TrainingPlan, status: TrainResult['status']): boolean {
  return config.refit && isHeldBack(data) && status !== 'interrupted';
}

/**
 * Settles on the final weights, which are those of the best epoch unless the last are asked for, writes the
 * model file and evaluates the test data.
 */
export async function finishTraining(
  session: Session,
  status: TrainResult['status'],
): Promise<Omit<TrainResult, 'wallSeconds' | 'profile'>> {
  const { trainer, folder, best, profile } = session;
  const { plan, state, memory } = trainer;
  const { config, data } = plan;
  const restored = keepsBest(config, data) && best !== null;
  trainer.settle(restored ? best.weights : trainer.evaluated);
  const calibrated = folder !== null || config.calibrate === 'temperature';
  const calibration = calibrated ? await timed(profile, 'saving', () => calibrationOf(trainer)) : null;
  // The model is written before the test, because a row of the test data can end the run.
  if (folder) await timed(profile, 'saving', () => writeModel(trainer, folder, calibration));
  const tested = data.test !== null && status !== 'interrupted' && !refits(plan, status);
  const test = tested ? await timed(profile, 'evaluation', () => trainer.evaluate('test')) : null;
  const parts = session.measured ?? ['val', 'test'];
  const wanted = status === 'interrupted' ? [] : parts.filter((part) => part === 'val' || tested);
  const scores =
    wanted.length === 0
      ? null
      : await timed(profile, 'evaluation', () => finalScores(trainer, calibration, wanted));
  const train = (restored ? state.best?.train : state.train) ?? null;
  const val = (restored ? state.best?.val : state.val) ?? null;
  return {
    run: folder,
    status,
    reason: reason(session, status),
    weightsSha256: weightsSha256(memory.layout, memory.weights),
    epochs: epochsDone(trainer),
    steps: state.step,
    bestEpoch: state.best?.epoch ?? null,
    train,
    val,
    test,
    ...(scores && { scores }),
    baseline: baselineOf(data, { train, val, test }, plan.network.loss),
    ...(config.audit > 0 && { audited: state.audited }),
    samplesPerSecond: state.samples / state.seconds,
    workers: trainer.workers,
    ...(plan.ranks > 1 && { ranks: plan.ranks }),
    shards: config.shards,
    kernels: plan.kernels,
    precision: config.precision,
    seed: config.seed,
    parameters: memory.layout.count,
  };
}

/** Writes the trainer's weights as the model of a run. */
export function writeModel(trainer: Trainer, folder: string, calibration: Calibration | null): void {
  const { plan, state, memory } = trainer;
  const { config, data, network, kernels } = plan;
  saveModel(join(folder, RUN_FILES.model), {
    layout: memory.layout,
    weights: memory.weights,
    network,
    schema: data.schema,
    calibration,
    facts: { epochs: epochsDone(trainer), steps: state.step, seed: config.seed, kernels },
  });
}

/** Returns every metric of the final weights, on the validation and test rows that are wanted. */
export function finalScores(
  { plan, memory }: Trainer,
  calibration: Calibration | null,
  wanted: readonly ('val' | 'test')[],
): NonNullable<TrainResult['scores']> {
  const { data, network, layers } = plan;
  const model = { layers, network, schema: data.schema, weights: memory.weights, calibration };
  const measure = (part: 'val' | 'test') => {
    const subset = wanted.includes(part) ? data[part] : null;
    const groups = subset === null ? [] : [{ subset }];
    const source = `${data.name}, ${part === 'val' ? 'validation' : 'test'}`;
    return measureModel(model, groups, { chosen: evaluationKernels(plan), source });
  };
  return { val: measure('val'), test: measure('test') };
}

/** The kernels that a model predicts with: those of its training, in float32. */
const evaluationKernels = ({ kernels, library }: TrainingPlan) =>
  chooseKernels({ ...kernelKeys(kernels, library), precision: 'f32' });

/** Calibrates the final weights on the validation rows, where there are any. */
export function calibrationOf({ plan, memory }: Trainer): Calibration | null {
  const { config, data, network, layers } = plan;
  if (data.val === null) return null;
  const model = { layers, network, schema: data.schema, weights: memory.weights };
  return calibrateModel(model, [{ subset: data.val }], {
    chosen: evaluationKernels(plan),
    applied: config.calibrate === 'temperature',
    source: `${data.name}, validation`,
  });
}

/** Returns the key of a result that counts the shards which its trainings have computed twice. */
export function auditedOf(
  { audit }: Pick<TrainConfig, 'audit'>,
  results: readonly Pick<TrainResult, 'audited'>[],
): Pick<TrainResult, 'audited'> {
  return audit === 0 ? {} : { audited: results.reduce((sum, { audited = 0 }) => sum + audited, 0) };
}

function epochsDone({ state, plan }: Trainer): number {
  return Math.floor(state.step / plan.stepsPerEpoch);
}

function reason({ trainer, stopped }: Session, status: TrainResult['status']): string {
  const { config } = trainer.plan;
  if (status === 'early-stopped') {
    return stopped ?? `no better ${criterionOf(config).name} in ${config.patience} epochs`;
  }
  if (status === 'interrupted') return 'interrupted';
  return converged(trainer) ? `${config.until}` : `all ${config.epochs} epochs`;
}
