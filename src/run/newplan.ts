import { findingNotes, rejectFindings } from '../data/findings/notes.js';
import { loadTrainingData } from '../data/load.js';
import { refuseUnused, type TrainConfig, type TrainOptions, withRows } from '../train/config.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';

/**
 * Loads the data of a new training and plans it.
 * @param config the resolved options
 * @param options hold the tables that are in memory
 * @throws UsageError for a key that the loss does not use; what `loss: auto` means is known only now. A run
 * that is resumed is not refused for that, because earlier versions ignored such keys.
 */
export async function planNewTraining(
  config: TrainConfig,
  options: TrainOptions,
  profiled = false,
): Promise<TrainingPlan> {
  const loaded = await loadTrainingData(withRows(config, options));
  if (config.strict) rejectFindings(loaded.findings, config);
  const notes = [...loaded.notes, ...findingNotes(loaded.findings, config)];
  const plan = planTraining(config, { ...loaded, notes }, profiled);
  refuseUnused({ ...config, loss: plan.network.loss });
  return plan;
}
