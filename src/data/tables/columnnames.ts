/** Writes the errors about names of columns. */

import { didYouMean } from '../../didyoumean.js';
import { UsageError } from '../../errors.js';

/** Most columns that a message lists. */
const MOST_LISTED = 30;

/** Lists the names of columns for a message. */
export function listColumns(names: readonly string[]): string {
  const rest = names.length > MOST_LISTED ? `, … (${names.length} in all)` : '';
  return `${names.slice(0, MOST_LISTED).join(', ')}${rest}`;
}

/** Returns the error for a flag that names a column which the source does not have. */
export function unknownColumn(
  flag: string,
  name: string,
  source: string,
  names: readonly string[],
): UsageError {
  const meant = didYouMean(name, names, '"') || ';';
  return new UsageError(
    `${flag} ${name}: ${source} has no such column${meant} its columns are ${listColumns(names)}`,
  );
}
