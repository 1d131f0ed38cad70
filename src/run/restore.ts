/** Brings a trainer to where its run was left. */
import { partOf } from '../regular.js';
import type { Trainer } from '../train/trainer.js';
import { readCheckpoint } from './checkpoint.js';
import type { BestWeights } from './checkpointwriter.js';
import { RUN_FILES } from './folder.js';

/** Brings the trainer to the run's last checkpoint. Returns the best weights, where there are any. */
export function restore(folder: string, trainer: Trainer): BestWeights | null {
  const { layout, weights, slots } = trainer.memory;
  const last = readCheckpoint(partOf(folder, RUN_FILES.last), layout.length, slots.length);
  weights.set(last.weights);
  for (const [index, slot] of slots.entries()) slot.set(last.slots[index]);
  trainer.state = last.state;
  if (!last.state.best) return null;
  const best = readCheckpoint(partOf(folder, RUN_FILES.best), layout.length, 0);
  return { weights: best.weights, saved: true };
}

/** Closes the trainer if `prepare` throws: its threads would keep the process alive. */
export async function orClose<T>(trainer: Trainer, prepare: () => T): Promise<T> {
  try {
    return prepare();
  } catch (error) {
    await trainer.close();
    throw error;
  }
}
