/** A checkpoint on its way to the disk while training goes on. One at a time: each waits for the one before. */
import { join } from 'node:path';
import type { CheckpointEvent } from '../train/events.js';
import type { Trainer } from '../train/trainer.js';
import { type Checkpoint, copyCheckpoint, writeCheckpoint } from './checkpoint.js';
import { RUN_FILES } from './folder.js';

/** The weights of `state.best`, and whether the checkpoint of that name holds them, or soon will. */
export interface BestWeights {
  readonly weights: Float32Array;
  saved: boolean;
}

export interface Saving {
  /** rejected with DataError when the checkpoint cannot be written */
  readonly written: Promise<CheckpointEvent>;
  /** `written` need not be waited for */
  settled: boolean;
}

/**
 * Copies where the trainer stands, then writes it in the background, `best` before `last`: whichever pair of files a kill
 * leaves behind, going on from it gives the same bits.
 */
export function beginSaving(trainer: Trainer, folder: string, best: BestWeights | null): Saving {
  const { state, memory, plan } = trainer;
  const dataset = plan.data.fingerprint;
  const { weights, slots } = memory;
  const last = copyCheckpoint({ state, dataset, weights, slots });
  const path = join(folder, RUN_FILES.last);
  const files: [string, Checkpoint][] = [[path, last]];
  if (best && !best.saved) {
    const copy = copyCheckpoint({ state, dataset, weights: best.weights, slots: [] });
    files.unshift([join(folder, RUN_FILES.best), copy]);
    best.saved = true;
  }
  const write = async (): Promise<CheckpointEvent> => {
    for (const [file, checkpoint] of files) await writeCheckpoint(file, checkpoint);
    return { type: 'checkpoint', step: last.state.step, path };
  };
  const saving = { written: write(), settled: false };
  const settle = () => {
    saving.settled = true;
  };
  saving.written.then(settle, settle); // whoever waits for it hears of the error
  return saving;
}
