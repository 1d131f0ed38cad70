/**
 * Evaluates a subset in blocks of rows. The blocks and the order of the sums depend on the subset alone, so
 * the metrics have the same bits for any number of workers, and for a saved model as for the training that
 * saved it.
 */
import type { Subset } from '../data/dataset.js';
import { addScores, computeDivergence, evaluateRows, type ForwardContext } from './context.js';

/** Rows that are evaluated in one pass. */
export const EVALUATION_BLOCK = 256;

/** Returns how many blocks a subset has. */
export function evaluationBlocks({ rows }: Subset): number {
  return Math.ceil(rows.length / EVALUATION_BLOCK);
}

/** Returns the first row of a block, and the row after its last. */
export function blockRows({ rows }: Subset, block: number): { from: number; to: number } {
  const from = block * EVALUATION_BLOCK;
  return { from, to: Math.min(from + EVALUATION_BLOCK, rows.length) };
}

/** Sums over the rows of a block, or of all blocks. */
export interface EvaluationSums {
  /** Σ Div. */
  readonly loss: number;
  /** Rows whose class is right, or Σ squared error in the target's own unit. */
  readonly score: number;
}

/** Computes a block's outputs and divergences, and returns its sums, added up row by row. */
export function evaluateBlock(context: ForwardContext, subset: Subset, block: number): EvaluationSums {
  const { from, to } = blockRows(subset, block);
  evaluateRows(context, subset, from, to);
  return sumBlock(context, to - from);
}

/** Returns the sums over the rows of the block that has just been through the forward pass. */
export function sumBlock(context: ForwardContext, rows: number): EvaluationSums {
  computeDivergence(context, false);
  return {
    loss: context.kernels.sum(context.workspace.rowLosses, 0, rows, 0),
    score: addScores(context, 0, rows, 0),
  };
}
