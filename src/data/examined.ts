/** Examines the parts of a table that were loaded for a training, for findings. */

import type { Subset } from './dataset.js';
import type { ExaminedPart } from './findings/examine.js';
import type { Finding } from './findings/finding.js';
import type { ExaminedTable } from './findings/profile.js';
import type { FittedDataset } from './fit.js';
import { type DataSource, sourceName } from './source.js';

/** A part of the data as it was asked for and as it was loaded. */
interface LoadedPart {
  readonly part: ExaminedPart['part'];
  readonly given: number | DataSource | undefined;
  readonly loaded: { readonly subset: Subset; readonly examined?: ExaminedTable | undefined } | null;
}

/** Examines a table and its parts. Returns no findings for arrays. */
export async function findingsOf(
  { examined, split }: FittedDataset,
  data: DataSource,
  parts: readonly LoadedPart[],
): Promise<Finding[]> {
  if (examined === undefined) return [];
  const { examineTable } = await import('./findings/examine.js');
  const known = parts.flatMap(({ part, given, loaded }): ExaminedPart[] => {
    if (!loaded?.examined) return [];
    const source = typeof given === 'number' || given === undefined ? null : sourceName(given);
    return [{ part, table: loaded.examined, rows: loaded.subset.rows, source }];
  });
  return examineTable(examined, split.train, known, typeof data === 'string' ? data : null);
}
