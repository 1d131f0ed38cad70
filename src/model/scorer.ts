/**
 * Predicts blocks of rows in this thread, or in several where there is enough to do. What a block's
 * predictions are does not depend on who computes them, so a block whose thread has died is computed here.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Answer, answering, resultOf } from '../answers.js';
import type { Subset } from '../data/dataset.js';
import type { ChosenKernels } from '../kernels/choose.js';
import { createThreads, type Threads } from '../threads.js';
import { numberOfRow, type RowBlock } from './batches.js';
import { type BlockOutput, predictBlock } from './blockoutput.js';
import { type ReadModel, readModel } from './read.js';
import { createRunner, type Runner } from './runner.js';
import { uncertaintyAt } from './uncertainty.js';

/** All that a thread needs to know; it is sent to each once. */
export interface ScorerSetup {
  /** The model's file. */
  readonly file: string;
  readonly chosen: Pick<ChosenKernels, 'name' | 'library'>;
  /** What messages call the source. */
  readonly source: string;
  /** The probability of intervals or sets; null where none are asked for. */
  readonly level: number | null;
}

/** The rows of a block, as they are sent to a thread. */
type ScorerTask = Pick<RowBlock, 'numbers'> & { readonly subset: Subset };

/** Returns the function that predicts a block. */
function scoreHandler(
  { source, level }: Pick<ScorerSetup, 'source' | 'level'>,
  model: ReadModel,
  runner: Runner,
): (task: ScorerTask) => BlockOutput {
  const uncertainty = level === null ? null : uncertaintyAt(model, level);
  return (task) => {
    const place = (row: number) => `${source}: row ${numberOfRow(task, row) + 1}`;
    return predictBlock(model, runner, uncertainty, task.subset, place);
  };
}

/** Does the same in a thread, from its setup. */
export function threadHandler(setup: ScorerSetup) {
  const model = readModel(setup.file);
  return answering(scoreHandler(setup, model, createRunner(model, { ...setup.chosen, note: null })));
}

const WORKER_FILE = fileURLToPath(new URL('../../workers/predict.js', import.meta.url));

/** Blocks that are predicted in this thread before others are started, which takes a tenth of a second. */
const WORTH_THREADS = 8;
/** Most threads that are started unless more are asked for: reading keeps no more of them busy. */
const MOST_THREADS = 4;

/** Says in how many threads to predict besides the one that reads; 0 takes that one. */
export type PredictWorkers = number | 'auto';

/**
 * Yields the predictions of each block, in the order of the blocks. Several blocks are on their way where
 * there are threads.
 */
export async function* scored(
  blocks: AsyncIterable<RowBlock>,
  setup: ScorerSetup,
  { model, runner, workers }: { readonly model: ReadModel; readonly runner: Runner; workers: PredictWorkers },
): AsyncGenerator<{ readonly block: RowBlock; readonly output: BlockOutput }> {
  const here = scoreHandler(setup, model, runner);
  const free = Math.min(availableParallelism() - 1, MOST_THREADS);
  const count = workers === 'auto' ? free : workers;
  const from = workers === 'auto' ? WORTH_THREADS : 0;
  let threads: Threads | null = null;
  let closed = false;
  const score = async (block: RowBlock, number: number): Promise<BlockOutput> => {
    if (count === 0 || number < from) return here(block);
    threads ??= createThreads(WORKER_FILE, count, setup);
    const task: ScorerTask = { subset: block.subset, numbers: block.numbers };
    const answer = await threads.run<Answer<BlockOutput>>(task).catch((error) => {
      if (closed) throw error;
      return { result: here(block) };
    });
    return resultOf(answer);
  };
  const underWay: { readonly block: RowBlock; readonly output: Promise<BlockOutput> }[] = [];
  const first = async () => {
    const { block, output } = underWay.shift()!;
    return { block, output: await output };
  };
  let number = 0;
  try {
    for await (const block of blocks) {
      const output = score(block, number++);
      output.catch(() => {}); // it is thrown when its turn has come
      underWay.push({ block, output });
      if (underWay.length > (threads === null ? 0 : 2 * count)) yield await first();
    }
    while (underWay.length > 0) yield await first();
  } finally {
    closed = true;
    await (threads as Threads | null)?.release();
  }
}
