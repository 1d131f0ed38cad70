/** Brings a trainer to where its run was left. */
import { join } from 'node:path';
import { DataError } from '../errors.js';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import { RUN_FILES } from './folder.js';
import { generation, generationAges } from './generations.js';
import type { BestWeights, Session } from './session.js';

/**
 * Brings the session's trainer to the run's newest checkpoint that is sound; from there it comes to the same
 * bits as from any other. Files that are damaged are named by an event. Returns the best weights, where there
 * are any.
 * @throws DataError where no checkpoint is sound
 */
export function restore(
  folder: string,
  { trainer, pendingEvents }: Pick<Session, 'trainer' | 'pendingEvents'>,
): BestWeights | null {
  const { layout, slots } = trainer.memory;
  const damaged: DataError[] = [];
  const bests = sound(join(folder, RUN_FILES.best), layout.length, 0, damaged);
  const lasts = sound(join(folder, RUN_FILES.last), layout.length, slots.length, damaged);
  for (const last of lasts) {
    const best = last.state.best === null ? null : bestOf(last, bests);
    if (best === undefined) continue;
    bringTo(trainer, last);
    for (const { message: damage } of damaged) {
      const message = `${damage}; going on after step ${last.state.step}, to the same weights`;
      pendingEvents.push({ type: 'retry', message });
    }
    return best && { weights: best.weights, saved: true };
  }
  throw damaged[0] ?? new DataError(`${join(folder, RUN_FILES.last)}: cannot read the checkpoint (ENOENT)`);
}

/** Brings a trainer to where a checkpoint stands. */
export function bringTo(trainer: Session['trainer'], { state, weights, slots }: Checkpoint): void {
  const { memory } = trainer;
  memory.weights.set(weights);
  for (const [index, slot] of memory.slots.entries()) slot.set(slots[index]);
  trainer.state = state;
}

/** Reads the generations of a checkpoint that are sound, the newest first; adds what is wrong with others. */
function sound(file: string, length: number, slots: number, damaged: DataError[]): Checkpoint[] {
  const ages = generationAges(file);
  return ages.flatMap((age) => {
    try {
      return [readCheckpoint(generation(file, age), length, slots)];
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      damaged.push(error);
      return [];
    }
  });
}

/**
 * Returns the best weights that belong to a checkpoint. A process that was killed between the two files left
 * newer ones, which the training comes to again.
 */
function bestOf({ state }: Checkpoint, bests: readonly Checkpoint[]): Checkpoint | undefined {
  const key = JSON.stringify(state.best);
  const own = bests.find((best) => JSON.stringify(best.state.best) === key);
  return own ?? bests.find((best) => best.state.step >= state.step);
}

/** Closes the trainer if `prepare` throws: its threads would keep the process alive. */
export async function orClose<T>(trainer: Session['trainer'], prepare: () => T): Promise<T> {
  try {
    return prepare();
  } catch (error) {
    await trainer.close();
    throw error;
  }
}
