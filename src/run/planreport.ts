/** What a training would be, without any of it being done. */
import { isFolded } from '../data/parting.js';
import { type LayerRow, layerTable } from '../network/table.js';
import { memoryBudget } from '../train/budget.js';
import { resolveConfig, type TrainOptions } from '../train/config.js';
import type { StartEvent } from '../train/events.js';
import { bagBudget, bagStart, planNewBag } from './bagplan.js';
import { cvStart, planNewCrossValidation } from './cvplan.js';
import { planNewTraining } from './newplan.js';
import { startEvent } from './result.js';

/** A training that is planned but not done: the start event, the layers and the memory. */
export interface PlanReport extends StartEvent {
  readonly layers: readonly LayerRow[];
  /** Bytes by what they are for, 'total' last. */
  readonly budget: Readonly<Record<string, number>>;
}

/**
 * Plans what `train` would do with these options, as `gradpool train --dry-run` does: reads the data and
 * builds the network, but starts no thread and writes nothing.
 *
 * @throws UsageError and DataError as `train` does
 * @example
 * ```js
 * import { plan } from 'gradpool';
 *
 * const { widths, parameters, rows, layers, budget } = await plan({ data: 'iris', hidden: [16, 8] });
 * console.log(widths, parameters); // → 4-16-8-3 243
 * console.log(rows.train, rows.val); // → 135 15
 * console.log(layers[0].kind, layers[0].outputs); // → dense 16
 * console.log(Math.round(budget.total / 2 ** 20) < 1000); // → true
 * ```
 */
export async function plan(options: TrainOptions): Promise<PlanReport> {
  const config = resolveConfig(options);
  if (config.bag > 1) {
    const bag = await planNewBag(config, options);
    return { ...bagStart(bag, null), layers: layerTable(bag.members[0].layers), budget: bagBudget(bag) };
  }
  if (isFolded(config)) {
    const cv = await planNewCrossValidation(config, options);
    return {
      ...cvStart(cv, null),
      layers: layerTable(cv.folds[0].layers),
      budget: bagBudget({ config: cv.config, members: cv.folds }),
    };
  }
  const planned = await planNewTraining(config, options);
  return {
    ...startEvent(planned, null, 0),
    layers: layerTable(planned.layers),
    budget: memoryBudget(planned),
  };
}
