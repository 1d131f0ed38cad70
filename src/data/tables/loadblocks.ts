/** Reads a table for a trained model in blocks of rows, in their order: it may be larger than memory. */
import type { Subset } from '../dataset.js';
import type { TableSchema } from '../schema.js';
import type { TableSource } from '../source.js';
import { rowsOf } from './cells.js';
import type { CsvText } from './csvtext.js';
import {
  checkTable,
  encodeCells,
  FoundInRows,
  type KeptColumn,
  keptColumn,
  type LoadTableOptions,
  legacyNotes,
  noRows,
} from './load.js';
import { withBlocks } from './openblocks.js';
import type { BlockReader } from './reader.js';
import { checkSomeTarget } from './target.js';

/** A block of rows of a source, encoded for a model. */
export interface LoadedBlock {
  /** The rows of the block that have a target, or all of them if none is needed. */
  readonly subset: Subset;
  /** Rows of the source before the block. */
  readonly first: number;
  /** The columns that `keep` asked for, by the rows of the block. */
  readonly kept: readonly KeptColumn[];
}

/** Most rows of a block, and most cells of one with many columns: 8 MiB of numbers. */
const MOST_ROWS = 2 ** 14;
const MOST_CELLS = 2 ** 20;

/** Says how to read a source in blocks. */
export interface LoadBlocksOptions extends LoadTableOptions {
  /** Rows of a block, about; by default as many as a few megabytes hold. */
  readonly blockRows?: number | undefined;
}

/**
 * Reads a table by a model's schema as `loadTable` does, and hands out the rows block by block. When all have
 * been taken, `notes` holds what is to be said of them.
 */
export function loadTableBlocks(
  source: TableSource | CsvText,
  schema: TableSchema,
  options: LoadBlocksOptions,
  notes: string[],
): AsyncGenerator<LoadedBlock> {
  return withBlocks(source, schema.header === false ? 'no' : 'yes', (reader) =>
    blocksOf(reader, schema, options, notes),
  );
}

async function* blocksOf(
  reader: BlockReader,
  schema: TableSchema,
  options: LoadBlocksOptions,
  notes: string[],
): AsyncGenerator<LoadedBlock> {
  const { wanted, keptNames, modes } = checkTable(reader, schema, options);
  const names = wanted.map(({ name }) => name);
  const weighed = options.weights === undefined ? [] : [options.weights];
  const texts = [...keptNames, ...weighed];
  const columns = names.length + texts.length;
  const { blockRows = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_CELLS / columns))) } = options;
  const found = new FoundInRows();
  let first = 0;
  for await (const { cells, locate } of reader.blocks(names, modes, texts, blockRows)) {
    const [weights] = cells.slice(names.length + keptNames.length);
    const { dataset, rows } = await encodeCells({ locate }, schema, options, { cells, weights }, found);
    const kept = keptNames.map((name, i) => keptColumn(name, cells[names.length + i]));
    yield { subset: { dataset, rows }, first, kept };
    first += rowsOf(cells[0]);
  }
  if (first === 0) throw noRows(reader);
  notes.push(...reader.notes, ...legacyNotes(wanted), ...found.lines());
  if (options.needTargets) checkSomeTarget(reader.source, schema.target, found.targets);
}
