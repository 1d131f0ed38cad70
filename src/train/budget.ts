/** Estimates the memory of a training before it takes any. */
import { totalmem } from 'node:os';
import type { TrainingData } from '../data/load.js';
import { ringRowBytes } from '../data/stream/ring.js';
import { parameterLayout } from '../network/layout.js';
import { alignedSubtrees, contiguousRanges, shardCount } from '../parallel/shards.js';
import { passRows } from './memory.js';
import type { TrainingPlan } from './plan.js';

const MIB = 2 ** 20;
// These sizes were measured: Node with the code of a training, one more thread, a native library, DuckDB.
const NODE = 75 * MIB;
export const THREAD = 22 * MIB;
const LIBRARY = 18 * MIB;
const DUCKDB = 85 * MIB;

/**
 * Returns the bytes of shared memory that may be taken: the limit in MiB where there is one, else all memory
 * of the machine or the container.
 */
export function bytesAllowed(memoryLimit: number | undefined): number {
  if (memoryLimit) return memoryLimit * MIB;
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

/**
 * Returns the bytes of a training by what they are for, as the system counts them: what `--dry-run` prints.
 */
export function memoryBudget(plan: TrainingPlan): Record<string, number> {
  const { sizes, data, sharedBytes, workers, objective } = plan;
  const block = 4 * parameterLayout(objective.layers).length;
  const most = Math.max(...workers);
  const slots = sizes.slots.length * block;
  const blocks = shardCount(sizes.batch, sizes);
  const kept = data.val === null ? 0 : block;
  const budget = {
    weights: block,
    'optimizer slots': slots,
    'gradients by shard': block * touchedBlocks(plan, blocks),
    'activations and workspaces': sharedBytes - block - slots - block * blocks,
    data: dataBytes(data) + readAheadBytes(plan),
    'a checkpoint on its way': block + slots + kept,
    'Node and its threads':
      NODE +
      THREAD * Math.max(0, most === 1 ? 1 : most - 1) +
      (sizes.kernels === 'native' ? LIBRARY : 0) +
      (data.schema.kind === 'table' ? DUCKDB : 0),
  };
  return { ...budget, total: Object.values(budget).reduce((sum, bytes) => sum + bytes, 0) };
}

/**
 * Counts the blocks that receive a sum of shards; the system provides no memory for the others. A range of
 * shards that fits in one pass is summed subtree by subtree as it goes, so only the first block of each
 * subtree is touched.
 */
function touchedBlocks({ sizes, workers }: TrainingPlan, blocks: number): number {
  const touched = new Set<number>();
  for (const count of workers) {
    for (const range of contiguousRanges(blocks, Math.max(1, count))) {
      const rows = Math.ceil(sizes.batch / blocks) * (range.last - range.first);
      if (rows > passRows(sizes)) return blocks;
      for (const { first } of alignedSubtrees(range, blocks)) touched.add(first);
    }
  }
  return touched.size;
}

/** Returns the bytes of batches that are read ahead, and of the epoch's order in the thread that reads. */
function readAheadBytes({ sizes, data: { train }, config }: TrainingPlan): number {
  if (train.dataset.stored === undefined) return 0;
  const order = config.shuffle === 'rows' ? 4 * train.rows.length : 0;
  return sizes.orderRows * ringRowBytes(train.dataset) + order;
}

/** Returns the bytes of the stored rows, which the parts of one table share. */
function dataBytes({ train, val, test }: TrainingData): number {
  const subsets = [train, val, test].filter((subset) => subset !== null);
  const datasets = new Set(subsets.map(({ dataset }) => dataset));
  const arrays = [
    ...subsets.map(({ rows }) => rows),
    ...[...datasets].flatMap(({ numbers, codes, targets, weights }) => [numbers, codes, targets, weights]),
  ];
  return arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), 0);
}
