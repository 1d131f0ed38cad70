/**
 * Counts what is filled in and what training never saw, over as many blocks of rows as there are, and says it
 * in one line a column.
 */
import type { CategoryColumn, ColumnSchema } from '../columnschema.js';
import { counted, examples } from '../words.js';
import { wordCounts } from './cells.js';
import { type ConvertedColumn, rowCount } from './convert.js';
import { dayName } from './dates.js';
import { eachWord } from './wordlist.js';

type NumberColumn = ColumnSchema & { kind: 'number' | 'dateParts' };

/** Number of cells by the word that stood for a missing value. */
type MissingWords = Map<string, number>;

/** What was found in a column so far. */
interface Found<Schema> {
  readonly schema: Schema;
  /** Number of missing values. */
  missing: number;
  readonly missingWords: MissingWords;
}

interface FoundCategories extends Found<CategoryColumn> {
  /** Number of values that training never saw. */
  unseen: number;
  /** The first of these, one more than a note shows. */
  readonly unseenWords: Set<string>;
}

/** Distinct unseen words that are kept: a note shows five of them, and dots if there are more. */
const KEPT_WORDS = 6;

/** Notes on missing and unseen values, which are counted block by block. */
export class InputNotes {
  readonly #numbers = new Map<string, Found<NumberColumn>>();
  readonly #categories = new Map<string, FoundCategories>();

  /** Counts missing values that were filled with a column's median; without any it still has its place. */
  addFilled(schema: NumberColumn, count: number, words: ConvertedColumn['missing']): void {
    const { name } = schema;
    const found = this.#numbers.get(name) ?? { schema, missing: 0, missingWords: new Map() };
    this.#numbers.set(name, found);
    found.missing += count;
    addWords(found.missingWords, words);
  }

  /** Counts the missing and unseen values of a column of categories; any other column is passed over. */
  addCategories({ schema, read }: { readonly schema: ColumnSchema; readonly read: ConvertedColumn }): void {
    if (schema.kind !== 'category' || read.column.kind !== 'words') return;
    const { words } = read.column;
    const counts = wordCounts(read.column);
    const known = new Set([...schema.categories, ...(schema.rare ?? [])]);
    const found = this.#categories.get(schema.name) ?? {
      schema,
      missing: 0,
      missingWords: new Map(),
      unseen: 0,
      unseenWords: new Set(),
    };
    this.#categories.set(schema.name, found);
    let present = 0;
    eachWord(words, (word, code) => {
      present += counts[code];
      if (counts[code] === 0 || known.has(word)) return;
      found.unseen += counts[code];
      if (found.unseenWords.size < KEPT_WORDS) found.unseenWords.add(word);
    });
    found.missing += rowCount(read.column) - present;
    addWords(found.missingWords, read.missing);
  }

  /** Returns a line for each column with missing values, and one for each with unseen ones. */
  lines(): string[] {
    return [
      ...Array.from(this.#numbers.values()).flatMap((found) => (found.missing > 0 ? [fillNote(found)] : [])),
      ...Array.from(this.#categories.values()).flatMap(categoryNotes),
    ];
  }
}

function addWords(all: MissingWords, words: ConvertedColumn['missing']): void {
  for (const [word, count] of words) all.set(word, (all.get(word) ?? 0) + count);
}

function fillNote({ schema, missing, missingWords }: Found<NumberColumn>): string {
  const { name, type, fill, indicator } = schema;
  const shown = type === 'date' ? dayName(fill) : Number(fill.toPrecision(6));
  return `column "${name}": ${counted(missing, 'missing value')}${spelled(missingWords)} filled with the median, ${shown}${indicator ? '; an input of its own says which' : ''}`;
}

function categoryNotes({ schema, missing, missingWords, unseen, unseenWords }: FoundCategories): string[] {
  const { name, rare, signed } = schema;
  const none = signed ? 'neither of its categories' : 'none of its categories';
  const taken = rare ? 'a rare category' : schema.missing ? 'missing' : none;
  const as = schema.missing ? 'a category of its own' : none;
  return [
    ...(unseen === 0
      ? []
      : [
          `column "${name}": ${counted(unseen, 'value')} not seen in training (${examples([...unseenWords])}), taken as ${taken}`,
        ]),
    ...(missing === 0
      ? []
      : [`column "${name}": ${counted(missing, 'missing value')}${spelled(missingWords)} taken as ${as}`]),
  ];
}

/**
 * Says how missing values are spelled: ` ("NA" 3 times, "?" once)`; returns nothing if all cells are empty.
 */
function spelled(words: MissingWords): string {
  const shown = Array.from(words, ([word, count]) =>
    word === '' ? [] : [`"${word}" ${count === 1 ? 'once' : `${count} times`}`],
  ).flat();
  return shown.length === 0 ? '' : ` (${shown.join(', ')})`;
}
