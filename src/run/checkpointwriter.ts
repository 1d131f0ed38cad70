import type { Clock } from '../clock.js';
import { partOf } from '../regular.js';
import type { CheckpointEvent } from '../train/events.js';
import { type Profile, timed } from '../train/profile.js';
import type { Trainer } from '../train/trainer.js';
import { type Origin, originOf } from './belonging.js';
import { type Checkpoint, copyCheckpoint, writeCheckpoint } from './checkpoint.js';
import { RUN_FILES } from './folder.js';
import { ageGenerations } from './generations.js';
import { bringTo, restore } from './restore.js';
import type { BestWeights, Session } from './session.js';

/** A checkpoint that is being written in the background. */
interface Saving {
  /** Rejected with DataError when the checkpoint cannot be written. */
  readonly written: Promise<CheckpointEvent>;
  settled: boolean;
}

/**
 * Milliseconds between two checkpoints at the ends of epochs: with tiny data there are thousands of epochs a
 * second.
 */
const EPOCH_INTERVAL = 1000;

/**
 * Writes a run's checkpoints while training goes on, one at a time: a checkpoint begins when the one before
 * is written. Without a folder it writes nothing.
 */
export class CheckpointWriter {
  #saving: Saving | null = null;
  #begun: number;
  /** Where training stood at the last checkpoint, if nothing is written. */
  #copy: Copy | null = null;

  private readonly trainer: Trainer;
  private readonly folder: string | null;
  private readonly profile: Profile | null;
  private readonly clock: Clock;
  private readonly origin: Origin;

  constructor({ trainer, folder, profile, clock, record }: Session) {
    this.trainer = trainer;
    this.folder = folder;
    this.profile = profile;
    this.clock = clock;
    this.origin = originOf(record);
    this.#begun = clock();
  }

  /** Whether a checkpoint is due by the number of steps: after every `checkpointEvery`. */
  get isDueByStep(): boolean {
    const { plan, state } = this.trainer;
    const { checkpointEvery } = plan.config;
    return checkpointEvery !== undefined && state.step % checkpointEvery === 0;
  }

  /** Whether a checkpoint is due: by the number of steps, or once a second at the end of an epoch. */
  async isDue(epochDone: boolean): Promise<boolean> {
    if (this.isDueByStep) return true;
    if (!epochDone) return false;
    const { plan, ranks } = this.trainer;
    const late = this.clock() - this.#begun > EPOCH_INTERVAL;
    // Ranks complete the slots for a checkpoint together, so rank 0's clock decides for all.
    return ranks && plan.sizes.sliced ? (await ranks.tell(late))[0] : late;
  }

  /** Copies where training stands and begins to write it; yields the event of the checkpoint before. */
  async *begin(best: BestWeights | null): AsyncGenerator<CheckpointEvent> {
    const { trainer, folder, origin } = this;
    await trainer.gatherSlots();
    if (folder) {
      yield* this.finish();
      const last = await timed(this.profile, 'saving', () => standOf(trainer, origin));
      this.#saving = beginSaving(folder, trainer.plan.config.keepCheckpoints, last, best);
    } else if (trainer.plan.sizes.sliced && !trainer.ranks)
      this.#copy = { last: standOf(trainer, origin), best };
    this.#begun = this.clock();
  }

  /**
   * Brings the session back to its last checkpoint, on disk or in memory, after an update was lost. From
   * there it comes to the same bits.
   */
  async *restore(session: Session): AsyncGenerator<CheckpointEvent> {
    const { folder, trainer } = this;
    if (folder) {
      yield* this.finish();
      session.best = restore(folder, session, { record: session.record });
    } else {
      const { last, best } = this.#copy!;
      bringTo(trainer, copyCheckpoint(last));
      session.best = best;
    }
  }

  /** Whether a checkpoint is being written. */
  get writing(): boolean {
    return this.#saving !== null;
  }

  /** Whether the checkpoint that was begun has been written, so that `finish` need not wait. */
  get written(): boolean {
    return this.#saving?.settled ?? false;
  }

  /**
   * Waits for the checkpoint that is being written and yields its event.
   * @throws DataError where it could not be written
   */
  async *finish(): AsyncGenerator<CheckpointEvent> {
    const saving = this.#saving;
    this.#saving = null;
    if (saving) yield await timed(this.profile, 'saving', () => saving.written);
  }
}

/** A checkpoint in memory. */
interface Copy {
  readonly last: Checkpoint;
  readonly best: BestWeights | null;
}

/** Copies where a trainer stands. */
function standOf({ state, memory: { weights, slots } }: Trainer, origin: Origin): Checkpoint {
  return copyCheckpoint({ state, origin, weights, slots });
}

/**
 * Writes a copy of where the trainer stands in the background, `best` before `last`. Whichever pair of files
 * a kill leaves behind, the run goes on from it to the same bits.
 */
function beginSaving(folder: string, kept: number, last: Checkpoint, best: BestWeights | null): Saving {
  const path = partOf(folder, RUN_FILES.last);
  const files: [string, Checkpoint][] = [[path, last]];
  if (best && !best.saved) {
    const copy = copyCheckpoint({ ...last, weights: best.weights, slots: [] });
    files.unshift([partOf(folder, RUN_FILES.best), copy]);
    best.saved = true;
  }
  const write = async (): Promise<CheckpointEvent> => {
    for (const [file, checkpoint] of files) {
      ageGenerations(file, kept);
      await writeCheckpoint(file, checkpoint);
    }
    return { type: 'checkpoint', step: last.state.step, path };
  };
  const saving = { written: write(), settled: false };
  const settle = () => {
    saving.settled = true;
  };
  saving.written.then(settle, settle); // `finish` passes the error on
  return saving;
}
