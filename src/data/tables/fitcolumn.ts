/** Fits the schema of an input column to the training rows. */
import { type ColumnSchema, cardinality } from '../columnschema.js';
import { counted, examples, shellWord } from '../words.js';
import { codePieces, NO_WORD, wordCounts } from './cells.js';
import type { ColumnDecision } from './columndecision.js';
import { allMissing, type ColumnFit } from './columnfit.js';
import type { ColumnValues, WordValues } from './convert.js';
import { identifyRows } from './distinctwords.js';
import { fitNumber } from './fitnumber.js';
import { chooseWords, eachWord, type Words } from './wordlist.js';

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
    ? fitNumber(fit, name, column, decision)
    : fitCategory(fit, name, column, decision);
}

function fitCategory(
  fit: ColumnFit,
  name: string,
  column: WordValues,
  { reading, forced }: ColumnDecision,
): ColumnSchema | null {
  const { reader, trainRows, embedAbove, preprocessing, notes } = fit;
  const { words } = column;
  const counts = wordCounts(column);
  const present = counts.reduce((sum, rows) => sum + rows, 0);
  if (present === 0) throw allMissing(reader, name);
  const used = counts.reduce((sum, rows) => sum + Number(rows > 0), 0);
  const leftOut = forced ? used > MOST_CODES : identifyRows(used, present);
  if (reading.as === 'words' && leftOut) {
    notes.push(`column "${name}": ${whyLeftOut(name, words, counts, { used, present, forced })}; left out`);
    return null;
  }
  const trained = trainedCounts(column, trainRows);
  const missing = trained.missing > 0;
  const all = [...chooseWords(words, (code) => trained.counts[code] > 0)].sort();
  if (all.length === 0) throw allMissing(reader, name);
  if (all.length === 1 && !missing) {
    notes.push(`column "${name}": always "${all[0]}"; left out`);
    return null;
  }
  const type = reading.as === 'boolean' ? 'boolean' : 'text';
  const rareWords = new Set(chooseWords(words, (code) => trained.counts[code] < preprocessing.rareBelow));
  const rare = type === 'boolean' ? [] : all.filter((word) => rareWords.has(word));
  const categories = rare.length === 0 ? all : all.filter((word) => !rareWords.has(word));
  if (rare.length > 0 && !noteRare(fit, name, rare, categories)) return null;
  const pooled = rare.length === 0 ? {} : { rare };
  const coded = { kind: 'category', name, type, categories, ...pooled, missing, reading } as const;
  if (cardinality({ ...coded, missing: false }) <= embedAbove) {
    if (preprocessing.categories === 'oneHot') return coded;
    const unmarked = { ...coded, missing: false };
    return cardinality(unmarked) === 2 ? { ...unmarked, signed: true } : unmarked;
  }
  const embedding = Math.ceil(Math.sqrt(categories.length));
  notes.push(
    `column "${name}": ${categories.length} categories, each a learned vector of ${embedding} numbers`,
  );
  return { ...coded, embedding };
}

/** Says which categories share an input. Returns false, with a note, if there are no others. */
function noteRare(
  { preprocessing, notes }: ColumnFit,
  name: string,
  rare: readonly string[],
  categories: readonly string[],
): boolean {
  const { rareBelow } = preprocessing;
  if (categories.length === 0) {
    notes.push(`column "${name}": no category has ${rareBelow} training rows or more; left out`);
    return false;
  }
  const which = rare.length === 1 ? 'category has' : 'categories have';
  notes.push(
    `column "${name}": ${rare.length} ${which} fewer than ${rareBelow} training rows (${examples(rare, 3)}) and share one input with those that training never saw`,
  );
  return true;
}

/** Words from which on the cells of a column are sentences rather than names. */
const SENTENCE = 4;

/** Says why words are too many to be categories, and what can be done about it. */
function whyLeftOut(
  name: string,
  words: Words,
  counts: Uint32Array,
  { used, present, forced }: { used: number; present: number; forced: boolean },
): string {
  const differ = `${used} different words in ${counted(present, 'row')}`;
  const shown = `(${examples(words, 3)})`;
  if (forced) return `${differ} ${shown} identify rows rather than kinds: more than ${MOST_CODES} categories`;
  let cells = 0;
  eachWord(words, (word, code) => {
    cells += counts[code] * wordsIn(word);
  });
  if (cells < SENTENCE * present)
    return `${differ} ${shown} identify rows rather than kinds; --category ${shellWord(name)} takes them as categories all the same`;
  return `free text, about ${Math.round(cells / present)} words in each cell (${examples(words, 1)}), which is neither a number nor a kind; make columns of what matters in it, such as its length or whether a word occurs`;
}

const wordsIn = (text: string): number => text.trim().split(/\s+/).length;

/** Counts the training rows of each word, and those without one. */
function trainedCounts(column: WordValues, rows: Uint32Array): { counts: Uint32Array; missing: number } {
  const counts = new Uint32Array(column.words.length);
  let [missing, first, r] = [0, 0, 0];
  for (const codes of codePieces(column)) {
    const last = first + codes.length;
    for (; r < rows.length && rows[r] < last; r++) {
      const code = codes[rows[r] - first];
      if (code === NO_WORD) missing++;
      else counts[code]++;
    }
    first = last;
  }
  return { counts, missing };
}
