/** Says what the model of a run is that has not been trained to its end. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { shellPath } from '../data/words.js';
import { UserError } from '../errors.js';
import { RUN_FILES, readRun } from './folder.js';

/** What the states are in which a run may leave a model before its end. */
const STATES = {
  interrupted: 'was interrupted',
  running: 'has not ended: it is being trained, or was killed',
  diverged: 'diverged',
  failed: 'failed',
} as const;

/**
 * Returns a line on the model of a run that has not been trained to its end; null for any other model.
 * @param path as the user names the model, a run's folder or a file
 * @param epochs the epochs that the model was trained for, as it says itself
 */
export function unfinishedNote(path: string, epochs: unknown): string | null {
  if (!existsSync(join(path, RUN_FILES.record))) return null;
  try {
    const { record, config } = readRun(path);
    if (record.status === 'completed' || record.status === 'early-stopped') return null;
    const state = STATES[record.status];
    return `${path}: the run ${state}; its model has been trained for ${epochs} of ${config.epochs} epochs (gradpool resume ${shellPath(path)} goes on)`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${path}: how far its training came is not known: ${error.message}`;
  }
}
