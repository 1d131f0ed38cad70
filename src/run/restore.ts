/** Brings a trainer to where its run was left. */
import { join } from 'node:path';
import { DataError } from '../errors.js';
import { partOf } from '../regular.js';
import { foreignness } from './belonging.js';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import { RUN_FILES, type RunRecord, wasSaved } from './folder.js';
import { generation, generationAges } from './generations.js';
import type { BestWeights, Session } from './session.js';

/** What a run's checkpoints are read for. */
interface RestoreOptions {
  /** Tells what belongs to the run. */
  readonly record: RunRecord;
  /** Whether checkpoints are taken that do not belong to the run. */
  readonly force?: boolean;
}

type Restored = Pick<Session, 'trainer' | 'pendingEvents'>;

/**
 * Brings the session's trainer to the run's newest checkpoint that is sound; from there it comes to the same
 * bits as from any other. Files that are damaged are named by an event. Where all are damaged or missing, a
 * trainer that has just been opened begins again, which comes to the same bits too: configuration and data
 * have been compared with their checksums by then. Returns the best weights, where there are any.
 * @throws DataError where no checkpoint is sound and one belongs to another run, configuration or data, and
 *   where the run is of a version that kept no checksum of its configuration
 */
export function restoreOrBegin(
  folder: string,
  session: Restored,
  options: RestoreOptions,
): BestWeights | null {
  if (!wasSaved(folder)) return null;
  const { lost, foreign, best } = restoreSound(folder, session, options);
  if (best !== undefined) return best;
  const [first] = lost;
  if (foreign || options.record.configs === undefined) throw first;
  const files = lost.map(({ message }) => message).join('; ');
  const message = `${files}: no checkpoint is left; beginning again from the start, to the same weights`;
  session.pendingEvents.push({ type: 'retry', message });
  return null;
}

/**
 * Brings the session's trainer back to the newest checkpoint that is sound, as `restoreOrBegin` does.
 * @throws DataError where there is none
 */
export function restore(folder: string, session: Restored, options: RestoreOptions): BestWeights | null {
  const { lost, best } = restoreSound(folder, session, options);
  if (best === undefined) throw lost[0];
  return best;
}

/** What came of looking for a checkpoint. */
interface Found {
  /** Undefined where no checkpoint will do. */
  readonly best: BestWeights | null | undefined;
  /** Why the others will not. */
  readonly lost: readonly DataError[];
  /** Whether one of them is sound and does not belong to the run. */
  readonly foreign: boolean;
}

function restoreSound(
  folder: string,
  { trainer, pendingEvents }: Restored,
  { record, force = false }: RestoreOptions,
): Found {
  const { layout, slots } = trainer.memory;
  const lost: DataError[] = [];
  let foreign = false;
  const read = (part: string, count: number): Checkpoint[] =>
    generationAges(partOf(folder, part)).flatMap((age) => {
      const file = partOf(folder, generation(part, age));
      try {
        const checkpoint = readCheckpoint(file, layout.length, count);
        const why = checkpoint.origin === null || force ? null : foreignness(checkpoint.origin, record);
        if (why === null) return [checkpoint];
        foreign = true;
        throw new DataError(`${file}: ${why}; gradpool resume --force goes on with it all the same`);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        lost.push(error);
        return [];
      }
    });
  const bests = read(RUN_FILES.best, 0);
  for (const last of read(RUN_FILES.last, slots.length)) {
    const best = last.state.best === null ? null : bestOf(last, bests);
    if (best === undefined) continue;
    bringTo(trainer, last);
    for (const { message: damage } of lost) {
      const message = `${damage}; going on after step ${last.state.step}, to the same weights`;
      pendingEvents.push({ type: 'retry', message });
    }
    return { lost, foreign, best: best && { weights: best.weights, saved: true } };
  }
  if (lost.length === 0) {
    lost.push(new DataError(`${join(folder, RUN_FILES.last)}: cannot read the checkpoint (ENOENT)`));
  }
  return { lost, foreign, best: undefined };
}

/** Brings a trainer to where a checkpoint stands. */
export function bringTo(trainer: Session['trainer'], { state, weights, slots }: Checkpoint): void {
  const { memory } = trainer;
  memory.weights.set(weights);
  for (const [index, slot] of memory.slots.entries()) slot.set(slots[index]);
  trainer.state = state;
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
export async function orClose<T>(trainer: Session['trainer'], prepare: () => T | Promise<T>): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    await trainer.close();
    throw error;
  }
}
