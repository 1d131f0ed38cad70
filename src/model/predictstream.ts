/** Predicts a source that may be larger than memory, in blocks, in the order of its rows. */
import { ahead } from '../ahead.js';
import { type BlockSource, blockSourceName, loadBlocks } from '../data/blocks.js';
import type { KeptColumn } from '../data/tables/load.js';
import type { LoadBlocksOptions } from '../data/tables/loadblocks.js';
import { givesProbabilities } from '../network/layer.js';
import { inBatches, type RowBlock } from './batches.js';
import { named, type Outcome, outcomeOf, type PredictionBatch, type PredictOptions } from './predict.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';
import { type PredictWorkers, type ScorerSetup, scored } from './scorer.js';

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

/** Says what to predict beside the classes or values, and in how many threads. */
export interface PredictStreamOptions extends PredictOptions {
  /**
   * Threads that predict, beside the one that reads and hands out; 0 takes that one, and 'auto' others only
   * for many rows. The predictions have the same bits.
   */
  readonly workers?: PredictWorkers;
  /** Rows that are read together, about; by default as many as a few megabytes hold. */
  readonly blockRows?: number;
}

/** Blocks that are read ahead, while others are predicted and written. */
const AHEAD = 3;

/** Says how to predict in blocks. */
interface StreamOptions extends LoadBlocksOptions, Pick<ScorerSetup, 'level' | 'chosen'> {
  readonly workers: PredictWorkers;
}

/** Predicts a source block by block. Yields the events in their order, 'end' as the last. */
export async function* predictStream(
  model: ReadModel,
  runner: Runner,
  source: BlockSource,
  { level, chosen, workers, ...options }: StreamOptions,
): AsyncGenerator<PredictionEvent> {
  const outcome = { ...outcomeOf(model, runner), probabilities: givesProbabilities(model.layers) };
  const notes: string[] = [];
  const blocks = inBatches(ahead(loadBlocks(source, model.schema, options, notes), AHEAD));
  const { name, library } = chosen;
  const setup = { file: model.file, chosen: { name, library }, source: blockSourceName(source), level };
  let from = 0;
  for await (const { block, output } of scored(blocks, setup, { model, runner, workers })) {
    if (from === 0) yield { type: 'start', ...outcome, kept: block.kept.map((column) => column.name) };
    yield { type: 'rows', from, ...named(outcome, output), kept: keptFrom(block, from) };
    from += block.subset.rows.length;
  }
  yield { type: 'end', rows: from, notes };
}

/** Lets the columns to hand on be asked by the rows of the source. */
function keptFrom({ kept, subset: { rows } }: RowBlock, from: number): KeptColumn[] {
  return kept.map(({ name, text }) => ({ name, text: (row) => text(rows[row - from]) }));
}
