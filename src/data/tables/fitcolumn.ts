/** Fits the schema of an input column to the training rows. */
import type { ColumnSchema } from '../columnschema.js';
import { counted, examples } from '../words.js';
import { NO_WORD } from './cells.js';
import type { ColumnDecision } from './columndecision.js';
import { allMissing, type ColumnFit } from './columnfit.js';
import type { ColumnValues } from './convert.js';
import { identifyRows } from './distinctwords.js';
import { fitNumber } from './fitnumber.js';

/** Most categories even if the user wants more: codes have 16 bits, and two of them have another meaning. */
const MOST_CODES = 65_533;

/**
 * Fits one input column. Returns null, with a note, for a column that is left out because it is constant or
 * tells rows apart. Throws DataError for a column without values, and for one whose values spread too far.
 */
export function fitColumn(
  fit: ColumnFit,
  name: string,
  column: ColumnValues,
  decision: ColumnDecision,
): ColumnSchema | null {
  return column.kind === 'numbers'
    ? fitNumber(fit, name, column.values, decision)
    : fitCategory(fit, name, column, decision);
}

function fitCategory(
  { reader, trainRows, embedAbove, preprocessing, notes }: ColumnFit,
  name: string,
  { words, codes }: ColumnValues & { kind: 'words' },
  { reading, forced }: ColumnDecision,
): ColumnSchema | null {
  let present = 0;
  for (let row = 0; row < codes.length; row++) if (codes[row] !== NO_WORD) present++;
  if (present === 0) throw allMissing(reader, name);
  const used = usedWords(codes, words.length);
  const leftOut = forced ? used > MOST_CODES : identifyRows(used, present);
  if (reading.as === 'words' && leftOut) {
    const remedy = forced ? `: more than ${MOST_CODES} categories` : '';
    notes.push(
      `column "${name}": ${used} different words in ${counted(present, 'row')} (${examples(words, 3)}) identify rows rather than kinds${remedy}; left out`,
    );
    return null;
  }
  const seen = new Set<number>();
  for (const row of trainRows) seen.add(codes[row]);
  const missing = seen.delete(NO_WORD);
  const categories = Array.from(seen, (code) => words[code]).sort();
  if (categories.length === 0) throw allMissing(reader, name);
  if (categories.length === 1 && !missing) {
    notes.push(`column "${name}": always "${categories[0]}"; left out`);
    return null;
  }
  const type = reading.as === 'boolean' ? 'boolean' : 'text';
  if (categories.length <= embedAbove) {
    const coded = { kind: 'category', name, type, categories, missing, reading } as const;
    if (preprocessing.categories === 'oneHot') return coded;
    return { ...coded, missing: false, ...(categories.length === 2 ? { signed: true } : {}) };
  }
  const embedding = Math.ceil(Math.sqrt(categories.length));
  notes.push(
    `column "${name}": ${categories.length} categories, each a learned vector of ${embedding} numbers`,
  );
  return { kind: 'category', name, type, categories, missing, embedding, reading };
}

/** Counts the words that some row holds. Words that mean "missing" are in the list but in no row. */
function usedWords(codes: Uint32Array, words: number): number {
  const used = new Uint8Array(words);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== NO_WORD) used[codes[row]] = 1;
  return used.reduce((sum, one) => sum + one, 0);
}
