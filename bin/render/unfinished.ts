import type { Model } from '../../src/model/index.js';
import { printNotes } from './output.js';

/** Says on stderr what is used where the model is of a run that has not been trained to its end. */
export async function noteUnfinished(run: string, { facts }: Pick<Model, 'facts'>): Promise<void> {
  const { unfinishedNote } = await import('../../src/run/unfinished.js');
  const note = unfinishedNote(run, facts.epochs);
  if (note !== null) printNotes([note]);
}
