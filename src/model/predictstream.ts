/** Predicts a source that may be larger than memory, in blocks, in the order of its rows. */
import { ahead } from '../ahead.js';
import { type BlockSource, blockSourceName, loadBlocks } from '../data/blocks.js';
import type { KeptColumn } from '../data/tables/load.js';
import { givesProbabilities } from '../network/layer.js';
import { inBatches, type RowBlock, sourceRow } from './batches.js';
import { predictBlock } from './blockoutput.js';
import { named, type Outcome, outcomeOf, type PredictionBatch } from './predict.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';
import type { Uncertainty } from './uncertainty.js';

/** What happens while a source is predicted in blocks. */
export type PredictionEvent =
  /** The first block has been read, so the columns are known. */
  | ({
      readonly type: 'start';
      /** Names of the columns that are handed on. */
      readonly kept: readonly string[];
      /** Whether there is a probability for each class. */
      readonly probabilities: boolean;
    } & Outcome)
  | ({
      readonly type: 'rows';
      /** The columns that were asked for; `text` takes rows of the source, from 0, that are of this batch. */
      readonly kept: readonly KeptColumn[];
    } & PredictionBatch)
  | { readonly type: 'end'; readonly rows: number; readonly notes: readonly string[] };

/** Blocks that are read ahead, while others are predicted and written. */
const AHEAD = 3;

export interface StreamOptions {
  readonly keep?: readonly string[] | 'all' | undefined;
  readonly uncertainty: Uncertainty | null;
  readonly blockRows?: number | undefined;
}

/** Predicts a source block by block. Yields the events in their order, 'end' as the last. */
export async function* predictStream(
  model: ReadModel,
  runner: Runner,
  source: BlockSource,
  { keep, uncertainty, blockRows }: StreamOptions,
): AsyncGenerator<PredictionEvent> {
  const outcome = { ...outcomeOf(model, runner), probabilities: givesProbabilities(model.layers) };
  const name = blockSourceName(source);
  const notes: string[] = [];
  const blocks = loadBlocks(source, model.schema, { needTargets: false, keep, blockRows }, notes);
  let from = 0;
  for await (const block of inBatches(ahead(blocks, AHEAD))) {
    if (from === 0) yield { type: 'start', ...outcome, kept: block.kept.map(({ name: column }) => column) };
    const { subset } = block;
    const place = (row: number) => `${name}: row ${sourceRow(block, row) + 1}`;
    const output = predictBlock(model, runner, uncertainty, subset, place);
    yield { type: 'rows', from, ...named(outcome, output), kept: keptFrom(block, from) };
    from += subset.rows.length;
  }
  yield { type: 'end', rows: from, notes };
}

/** Lets the columns to hand on be asked by the rows of the source. */
function keptFrom({ kept, subset: { rows } }: RowBlock, from: number): KeptColumn[] {
  return kept.map(({ name, text }) => ({ name, text: (row) => text(rows[row - from]) }));
}
