import { findingNotes, rejectFindings } from '../data/findings/notes.js';
import { loadTrainingData, type TrainingData } from '../data/load.js';
import type { Ranks } from '../ranks/ranks.js';
import {
  type PlannedConfig,
  refuseUnused,
  resolveConfig,
  type TrainConfig,
  type TrainOptions,
  withRows,
} from '../train/config.js';
import { criterionOf } from '../train/metric.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import { checkRefitRows, isHeldBack } from '../train/refit.js';
import { shareOfRank } from './ranks.js';
import { absoluteSources } from './sources.js';

/**
 * Loads the data of a new training and plans it, with what the preset decides by the data.
 * @param config the resolved options
 * @param options as the user gives them; they hold the tables that are in memory
 * @param ranks the ranks that train together
 * @throws UsageError for a key that the loss does not use; what `loss: auto` means is known only now. A run
 * that is resumed is not refused for that, because earlier versions ignored such keys.
 */
export async function planNewTraining(
  config: TrainConfig,
  options: TrainOptions,
  profiled = false,
  ranks?: Ranks,
): Promise<TrainingPlan> {
  const before = absoluteSources(config);
  const data = withFindings(await loadTrainingData(withRows(before, options)), before);
  const settled = settledConfig(options, data);
  const plan = planTraining(settled, data, profiled, ...shareOfRank(ranks));
  refuseUnused({ ...settled, loss: plan.network.loss });
  return { ...plan, notes: [...presetNotes(plan.config), ...plan.notes] };
}

/**
 * Returns the data with notes on what is suspicious in it.
 * @throws DataError for any of that, where the configuration is strict
 */
export function withFindings(data: TrainingData, config: TrainConfig): TrainingData {
  if (config.strict) rejectFindings(data.findings, config);
  return { ...data, notes: [...data.notes, ...findingNotes(data.findings, config)] };
}

/** Returns the configuration with what the preset decides by the data, and with absolute paths. */
export function settledConfig(options: TrainOptions, data: TrainingData): TrainConfig {
  const { train, val, task } = data;
  const facts = {
    rows: train.rows.length,
    validated: val !== null,
    heldBack: isHeldBack(data),
    problemType: task,
  };
  const config = absoluteSources(resolveConfig(options, facts));
  checkRefitRows(config, data);
  return config;
}

/** Says which preset applies, and what it decided by the data. */
export function presetNotes(config: PlannedConfig): string[] {
  const { preset, batch, epochs, patience, refit } = config;
  if (preset === 'none') return [];
  const { name } = criterionOf(config);
  const early =
    typeof patience !== 'number' || patience >= epochs
      ? ''
      : `, or ${patience} without a ${name === 'loss' ? 'lower validation loss' : `better ${name}`}`;
  return [
    `preset ${preset}: batch ${batch}, ${epochs} epochs${early}${refit ? ', then as many as were best on all rows' : ''}; --print-config shows all of it, --preset none leaves it out`,
  ];
}
