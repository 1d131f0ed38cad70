/** Reads a source for a trained model in blocks of rows, so that it may be larger than memory. */
import { loadArrayBlocks } from './arrays/loadarrays.js';
import { otherKind, refuseColumns } from './loadkinds.js';
import type { Schema } from './schema.js';
import { type DataSource, openSource, sourceName } from './source.js';
import type { CsvText } from './tables/csvtext.js';
import type { LoadBlocksOptions, LoadedBlock } from './tables/loadblocks.js';

/** A source that is read in blocks: one that is named or in memory, or text that arrives piece by piece. */
export type BlockSource = DataSource | CsvText;

const isText = (source: BlockSource): source is CsvText =>
  typeof source === 'object' && 'kind' in source && source.kind === 'text';

/** Returns what a source is called in messages. */
export const blockSourceName = (source: BlockSource): string =>
  isText(source) ? source.name : sourceName(source);

/**
 * Reads a source as `loadWithSchema` does, and hands out its rows block by block, in their order. When all
 * have been taken, `notes` holds what is to be said of them.
 */
export async function* loadBlocks(
  source: BlockSource,
  schema: Schema,
  options: LoadBlocksOptions,
  notes: string[],
): AsyncGenerator<LoadedBlock> {
  const opened = isText(source) ? source : openSource(source);
  if (opened.kind === 'arrays' && schema.kind === 'arrays') {
    refuseColumns(opened, options);
    for (const block of loadArrayBlocks(opened, schema, options, notes)) yield { ...block, kept: [] };
  } else if (opened.kind !== 'arrays' && schema.kind === 'table') {
    const { loadTableBlocks } = await import('./tables/loadblocks.js');
    yield* loadTableBlocks(opened, schema, options, notes);
  } else {
    const kind = opened.kind === 'arrays' ? 'arrays' : 'table';
    throw otherKind(blockSourceName(source), { kind }, schema);
  }
}
