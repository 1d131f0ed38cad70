/** Looks for rows that repeat others: within the training rows, in other parts, and with another target. */

import { NO_WORD } from '../tables/cells.js';
import { counted } from '../words.js';
import { type Finding, shareText } from './finding.js';
import type { ColumnProfile, ExaminedColumn, ExaminedTarget } from './profile.js';

/** Fewest rows, and smallest share of the rows, that are worth a word. */
const LEAST = { rows: 5, share: 0.01 };
/**
 * Repeats must be this many times as many as independent columns would give: a table of a few categories
 * repeats its rows by nature.
 */
const BEYOND_CHANCE = 10;
/** Targets of equal rows that differ by more than this part of the interquartile range are in conflict. */
const TARGET_TOLERANCE = 0.1;

/** Rows of a table that are compared by some of its columns. */
interface ComparedRows {
  readonly columns: readonly ExaminedColumn[];
  readonly rows: Uint32Array;
  /** How many of the columns, from the first on, tell nearly all rows apart; the others are only compared. */
  readonly hashed: number;
}

/** Fewest columns whose values are hashed, since two columns may say the same. */
const LEAST_HASHED = 8;
/** Pairs of rows that may agree in the hashed columns by chance. */
const CHANCE_PAIRS = 1e-3;

/** Orders columns so that the first tell rows apart best, and says how many of them suffice for that. */
export function orderForHash<T extends ColumnProfile>(
  profiles: readonly T[],
  rows: number,
): { ordered: T[]; hashed: number } {
  const ordered = [...profiles].sort((a, b) => a.agreement - b.agreement);
  let pairs = rows * rows;
  let hashed = 0;
  while (hashed < ordered.length && (hashed < LEAST_HASHED || pairs > CHANCE_PAIRS)) {
    pairs *= ordered[hashed++].agreement;
  }
  return { ordered, hashed };
}

/** Groups rows with equal inputs; rows of other parts can be looked up in it. */
export class RowGroups {
  /** Group of each training row, in the order of the rows. */
  readonly groupOf: Uint32Array;
  /** The first row of each group. */
  readonly #first: number[] = [];
  readonly #hashes: number[] = [];
  /** Group number + 1 by slot, found by a row's hash and the slots after it; 0 in an empty slot. */
  readonly #slots: Uint32Array;

  constructor(private readonly training: ComparedRows) {
    const { rows } = training;
    let size = 16;
    while (size < 2 * rows.length) size *= 2;
    this.#slots = new Uint32Array(size);
    const hashes = hashRows(training);
    this.groupOf = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i++) this.groupOf[i] = this.#find(training, rows[i], hashes[i], true);
  }

  get count(): number {
    return this.#first.length;
  }

  /** Returns the group of each row of another part; −1 for a row that no training row equals. */
  lookUp(part: ComparedRows): Int32Array {
    return hashRows(part).map((hash, i) => this.#find(part, part.rows[i], hash, false));
  }

  #find(part: ComparedRows, row: number, hash: number, adds: boolean): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const group = this.#slots[slot] - 1;
      if (group < 0) {
        if (!adds) return -1;
        this.#hashes.push(hash);
        this.#slots[slot] = this.#first.push(row);
        return this.#first.length - 1;
      }
      if (this.#hashes[group] === hash && sameRow(this.training, this.#first[group], part, row)) return group;
    }
  }
}

/**
 * Hashes the rows, column by column. Words count by their text, because other tables number them otherwise.
 */
function hashRows({ columns, rows, hashed }: ComparedRows): Int32Array {
  const hashes = new Int32Array(rows.length);
  for (const { column } of columns.slice(0, hashed)) {
    if (column.kind === 'words') {
      const wordHashes = Int32Array.from(column.words, hashText);
      for (let i = 0; i < rows.length; i++) {
        const code = column.codes[rows[i]];
        hashes[i] = mix(hashes[i], code === NO_WORD ? 0 : wordHashes[code]);
      }
    } else {
      const { values } = column;
      const bits = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i];
        const value = values[row];
        const plain = value !== 0 && !Number.isNaN(value); // 0 and −0 are equal, and so are all NaN
        hashes[i] = plain
          ? mix(mix(hashes[i], bits[2 * row]), bits[2 * row + 1])
          : mix(hashes[i], value === 0 ? 1 : 2);
      }
    }
  }
  return hashes;
}

/** Mixes 32 bits into a hash, with the constants of MurmurHash3's final step. */
function mix(hash: number, bits: number): number {
  const mixed = Math.imul(hash ^ bits, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) ^ (mixed >>> 16);
}

function hashText(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return hash;
}

function sameRow(a: ComparedRows, rowA: number, b: ComparedRows, rowB: number): boolean {
  return a.columns.every(({ column }, c) => {
    const other = b.columns[c].column;
    if (column.kind === 'words' && other.kind === 'words') {
      return column.words.at(column.codes[rowA]) === other.words.at(other.codes[rowB]);
    }
    if (column.kind === 'words' || other.kind === 'words') return false;
    const [x, y] = [column.values[rowA], other.values[rowB]];
    return x === y || (Number.isNaN(x) && Number.isNaN(y));
  });
}

/** Whether so many of `rows` rows are worth a word, where chance gives `expected`. */
const isNotable = (count: number, rows: number, expected: number): boolean =>
  count >= LEAST.rows && count >= LEAST.share * rows && count > BEYOND_CHANCE * expected;

/** Returns the chance that two rows agree in all columns, if the columns are independent. */
export const rowAgreement = (profiles: readonly ColumnProfile[]): number =>
  profiles.reduce((chance, { agreement }) => chance * agreement, 1);

/** Returns findings for training rows that repeat an earlier one, with the same target or with another. */
export function checkRepeats(
  { groupOf, count: groups }: RowGroups,
  rows: Uint32Array,
  target: ExaminedTarget | null,
  targetSpread: number,
  agreement: number,
  selectDistinct: string,
): Finding[] {
  if (groups === rows.length) return [];
  const { repeats, conflicting, mostRight } = countRepeats(groupOf, groups, rows, target, targetSpread);
  const expected = (agreement * rows.length * (rows.length - 1)) / 2;
  const share = conflicting / rows.length;
  const findings: Finding[] = [];
  if (isNotable(conflicting, rows.length, expected)) {
    const best = target?.classes
      ? `; nothing can get more than ${shareText(mostRight / rows.length)} of the training rows right`
      : '';
    findings.push({
      kind: 'conflict',
      columns: target === null ? [] : [target.name],
      part: null,
      evidence: `${counted(conflicting, 'row')} (${shareText(share)}) have the same inputs as a row with another target${best}`,
      figures: {
        rows: conflicting,
        share,
        ...(best === '' ? {} : { bestAccuracy: mostRight / rows.length }),
      },
      remedy: 'correct the targets, or add columns that tell these rows apart',
    });
  }
  if (isNotable(repeats, rows.length, expected)) {
    const figures = { rows: repeats, share: repeats / rows.length };
    const evidence = `${counted(repeats, 'row')} (${shareText(figures.share)}) repeat an earlier row`;
    findings.push({ kind: 'duplicates', columns: [], part: null, evidence, figures, remedy: selectDistinct });
  }
  return findings;
}

/**
 * Counts the rows that repeat an earlier one with the same target, and those of groups with several targets.
 */
function countRepeats(
  groupOf: Uint32Array,
  groups: number,
  rows: Uint32Array,
  target: ExaminedTarget | null,
  targetSpread: number,
) {
  const sizes = new Uint32Array(groups);
  for (const group of groupOf) sizes[group]++;
  const targets = new Map<number, Map<number, number>>();
  groupOf.forEach((group, i) => {
    if (sizes[group] === 1) return;
    const value = target === null ? 0 : target.values[rows[i]];
    const counts = targets.get(group) ?? new Map<number, number>();
    counts.set(value, (counts.get(value) ?? 0) + 1);
    targets.set(group, counts);
  });
  let [repeats, conflicting, mostRight] = [0, 0, rows.length];
  for (const [group, counts] of targets) {
    repeats += sizes[group] - counts.size;
    const values = [...counts.keys()];
    const differ = target?.classes ? counts.size > 1 : range(values) > TARGET_TOLERANCE * targetSpread;
    if (differ) conflicting += sizes[group];
    mostRight -= sizes[group] - largest(counts.values());
  }
  return { repeats, conflicting, mostRight };
}

function largest(values: Iterable<number>): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > most) most = value;
  return most;
}

const range = (values: readonly number[]): number => largest(values) + largest(values.map((value) => -value));

/** Returns a finding for rows of another part that are training rows as well. */
export function checkOverlap(
  groups: RowGroups,
  compared: ComparedRows,
  part: 'validation' | 'test',
  trainingRows: number,
  agreement: number,
  selectDistinct: string,
): Finding[] {
  const { length } = compared.rows;
  let count = 0;
  for (const group of groups.lookUp(compared)) if (group >= 0) count++;
  if (!isNotable(count, length, agreement * length * trainingRows)) return [];
  return [
    {
      kind: 'overlap',
      columns: [],
      part,
      evidence: `${counted(count, `${part} row`)} of ${length} (${shareText(count / length)}) are also training rows, so the ${part} figures are too good`,
      figures: { rows: count, share: count / length },
      remedy: selectDistinct,
    },
  ];
}
