/** Plans a cross-validation: the training of each fold's network. */
import { inFold } from '../data/fit.js';
import { type FoldedData, heldOut, loadFolds } from '../data/folded.js';
import {
  type PlannedConfig,
  refuseUnused,
  type TrainConfig,
  type TrainOptions,
  withEpochs,
  withRows,
} from '../train/config.js';
import type { StartEvent } from '../train/events.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import { withChosenKernels } from './kernels.js';
import { presetNotes, settledConfig, withFindings } from './newplan.js';
import { startOfSeveral } from './result.js';
import { absoluteSources } from './sources.js';

/** A cross-validation as configuration and data determine it. */
export interface CrossValidationPlan {
  readonly config: PlannedConfig;
  readonly data: FoldedData;
  /** The training of each fold's network, in one thread. */
  readonly folds: readonly TrainingPlan[];
  readonly notes: readonly string[];
}

/**
 * Loads the data of a new cross-validation and plans it, with what the preset decides by the data.
 * @param config the resolved options
 * @param options as the user gives them; they hold the tables that are in memory
 * @throws UsageError and DataError as `planNewTraining` does, and for folds that the rows do not allow
 */
export async function planNewCrossValidation(
  config: TrainConfig,
  options: TrainOptions,
): Promise<CrossValidationPlan> {
  const before = absoluteSources(config);
  const loaded = await loadFolds(withRows(before, options));
  const data = { ...loaded, whole: withFindings(loaded.whole, before) };
  const settled = settledConfig(options, data.folds[0].data);
  const plan = planCrossValidation(settled, data);
  refuseUnused({ ...settled, loss: plan.folds[0].network.loss });
  return { ...plan, notes: [...presetNotes(plan.config), ...plan.notes] };
}

/**
 * Plans the networks of the folds. All have the configuration's own seed, so a fold's network is the one that
 * a training on its rows would give.
 * @throws UsageError and DataError where configuration and data of any fold do not fit together
 */
export function planCrossValidation(resolved: TrainConfig, data: FoldedData): CrossValidationPlan {
  const config = withEpochs(resolved);
  const single = { ...foldConfig(config), workers: 0 };
  let first: TrainingPlan | null = null;
  const folds = data.folds.map((fold, index) => {
    try {
      const plan = planTraining(first === null ? single : withChosenKernels(single, first), fold.data);
      first ??= plan;
      return { ...plan, config: withChosenKernels(plan.config, plan) };
    } catch (error) {
      throw inFold(error, index, data.folds.length);
    }
  });
  return { config, data, folds, notes: [...data.whole.notes, ...folds[0].notes, ...cvNotes(config, data)] };
}

/** Returns the configuration of a fold's network, which is neither refitted nor parted again. */
export function foldConfig<Config extends TrainConfig>({ cv, fold, ...config }: Config) {
  return { ...config, cvRepeats: 1, timeWindow: 'expanding' as const, refit: false };
}

/** Says what the folds are, and where their scores are a little too good. */
function cvNotes(config: PlannedConfig, { whole, folds, held }: FoldedData): string[] {
  const { cv, cvRepeats, group, time, fold, stratify, keep } = config;
  const by =
    fold !== undefined
      ? `as column "${fold}" says`
      : time !== undefined
        ? `in order of "${time}", each after the rows that its network is trained on`
        : group !== undefined
          ? `of whole groups of "${group}"`
          : `drawn at random${whole.classes !== null && stratify ? ", each with every class's share" : ''}`;
  const times = cvRepeats > 1 ? `, ${cvRepeats} times anew` : '';
  const rows = folds.reduce((sum, own) => sum + heldOut(own, held).rows.length, 0) / cvRepeats;
  return [
    `cv: ${cv ?? folds.length} folds of ${rows} rows ${by}${times}`,
    ...(whole.test !== null && !config.refit
      ? [
          `test: no network is evaluated on its ${whole.test.rows.length} rows, since none is trained on all others; --refit trains one`,
        ]
      : []),
    ...(held === 'val' && keep === 'best'
      ? [
          'cv: the rows that score a fold also choose its best epoch, so the scores are a little too good; --val 0.1 has rows of their own choose it, --keep last --patience none trains all epochs',
        ]
      : []),
  ];
}

/** Returns the event with which a cross-validation begins. */
export function cvStart(plan: CrossValidationPlan, folder: string | null): StartEvent {
  const { start, networks } = startOfSeveral(plan, plan.folds, folder);
  return { ...start, folds: networks };
}
