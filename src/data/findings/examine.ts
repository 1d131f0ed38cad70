/** Examines a table that was read, and its parts, and returns what should be checked before a training. */
import { atShare } from '../../statistics.js';
import { sortedPresent } from '../statistics.js';
import { shellQuoted } from '../words.js';
import {
  checkConstants,
  checkIdentifier,
  checkOutliers,
  checkScale,
  checkSentinels,
} from './columnchecks.js';
import { checkDrift, checkMissing, checkTargetDrift } from './drift.js';
import { FINDING_KINDS, type Finding, type FindingKind, shareText } from './finding.js';
import { checkLeakage, leakageTarget } from './leakage.js';
import {
  type ColumnProfile,
  type ExaminedTable,
  type ExaminedTarget,
  profileColumn,
  sampleRows,
} from './profile.js';
import { checkOverlap, checkRepeats, orderForHash, RowGroups, rowAgreement } from './repeats.js';

/** Rows of the table, or of a source of its own, that are not trained on. */
export interface ExaminedPart {
  readonly part: 'validation' | 'test';
  readonly table: ExaminedTable;
  readonly rows: Uint32Array;
  /** What the user called the source; null if the rows are of the training table. */
  readonly source: string | null;
}

/**
 * Examines a table and returns findings, the most serious first. It computes nothing that training uses, and
 * the same table always gives the same findings.
 *
 * @param rows the training rows
 * @param source what the user called the table, for remedies; null for rows in memory
 */
export function examineTable(
  table: ExaminedTable,
  rows: Uint32Array,
  parts: readonly ExaminedPart[],
  source: string | null,
): Finding[] {
  if (rows.length === 0) return [];
  const sample = sampleRows(rows);
  const profiles = table.columns.map((column) => profileColumn(column, rows, sample));
  const identifiers = profiles.flatMap(checkIdentifier).filter(() => profiles.length > 1);
  const named = new Set(identifiers.flatMap(({ columns }) => columns));
  const usual = profiles.filter(({ name }) => !named.has(name));
  const search = table.target === null ? null : leakageTarget(table.target, sample);
  const findings = [
    ...checkConstants(profiles),
    ...identifiers,
    ...(search === null ? [] : usual.flatMap((profile) => checkLeakage(profile, search))),
    ...usual.flatMap((profile) => checkSentinels(profile, rows)),
    ...usual.flatMap((profile) => checkScale(profile, rows)),
    ...(table.target === null ? [] : checkTarget(table.target, rows, sample)),
    ...examineRows(table, rows, usual, parts, source),
    ...parts.flatMap((part) => (part.source === null ? [] : compare(table, rows, usual, part))),
  ];
  const order = Object.keys(FINDING_KINDS) as FindingKind[];
  const sentinels = new Set(
    findings.filter(({ kind }) => kind === 'sentinel').flatMap(({ columns }) => columns),
  );
  return findings
    .filter(({ kind, columns }) => kind !== 'scale' || !sentinels.has(columns[0])) // one cause, one finding
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** A class with less than this part of the rows of the largest is learned as if it were not there. */
const IMBALANCED = 0.1;

/** Returns findings about the target alone: rare classes, or a few extreme values. */
function checkTarget(
  { name, classes, values }: ExaminedTarget,
  rows: Uint32Array,
  sample: Uint32Array,
): Finding[] {
  if (classes === null) return checkOutliers(name, values, sortedPresent(values, sample), rows);
  const counts = new Array<number>(classes.length).fill(0);
  for (const row of rows) counts[values[row]]++;
  const least = Math.min(...counts);
  const most = Math.max(...counts);
  if (least >= IMBALANCED * most) return [];
  const rare = counts.filter((count) => count < IMBALANCED * most).length;
  const share = least / rows.length;
  const others =
    rare === 1
      ? ''
      : `, and ${rare - 1} more ${rare === 2 ? 'class has' : 'classes have'} less than a tenth of its rows`;
  return [
    {
      kind: 'imbalance',
      columns: [name],
      part: null,
      evidence: `the class "${classes[counts.indexOf(least)]}" has ${least} of ${rows.length} rows (${shareText(share)}), the class "${classes[counts.indexOf(most)]}" ${most}${others}`,
      figures: { rows: least, share, largest: most, rareClasses: rare },
      remedy: '--class-weights balanced',
    },
  ];
}

/** Returns findings about rows that repeat others. Columns that name rows or are constant are left out. */
function examineRows(
  { columns, target }: ExaminedTable,
  rows: Uint32Array,
  profiles: readonly ColumnProfile[],
  parts: readonly ExaminedPart[],
  source: string | null,
): Finding[] {
  const used = profiles.filter(({ constant }) => !constant);
  if (used.length === 0) return [];
  const { ordered, hashed } = orderForHash(used, rows.length);
  const names = ordered.map(({ name }) => name);
  const compared = (table: ExaminedTable, rows: Uint32Array) => ({
    columns: names.map((name) => table.columns.find((column) => column.name === name)!),
    rows,
    hashed,
  });
  const groups = new RowGroups(compared({ columns, target }, rows));
  const agreement = rowAgreement(used);
  const without = columns.filter(({ name }) => !profiles.some((profile) => profile.name === name));
  const distinct = selectDistinct(
    source,
    without.map(({ name }) => name),
  );
  return [
    ...checkRepeats(groups, rows, target, spreadOf(target, rows), agreement, distinct),
    ...parts.flatMap(({ part, table, rows: others, source: own }) => {
      if (names.some((name) => !table.columns.some((column) => column.name === name))) return [];
      const remedy = own === null ? distinct : `leave these rows out of the training data, or out of ${own}`;
      return checkOverlap(groups, compared(table, others), part, rows.length, agreement, remedy);
    }),
  ];
}

/** Returns the interquartile range of a target of quantities. */
function spreadOf(target: ExaminedTarget | null, rows: Uint32Array): number {
  if (target === null || target.classes !== null) return 0;
  const sorted = sortedPresent(target.values, sampleRows(rows));
  return atShare(sorted, 0.75) - atShare(sorted, 0.25);
}

/** Writes the query that reads each row once. Columns that name the rows must be left out of it. */
function selectDistinct(source: string | null, identifiers: readonly string[]): string {
  if (source === null) return 'give each row once';
  const quoted = identifiers.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
  const exclude = identifiers.length === 0 ? '' : ` EXCLUDE (${quoted})`;
  const from = /^\s*(select|with|from)\s/i.test(source) ? `(${source})` : `'${source.replaceAll("'", "''")}'`;
  return `read each row once: gradpool train ${doubleQuoted(`SELECT DISTINCT *${exclude} FROM ${from}`)}`;
}

/** Quotes text for the shell in double quotes where that is enough, since SQL holds single ones. */
const doubleQuoted = (text: string): string => (/["$`\\!]/.test(text) ? shellQuoted(text) : `"${text}"`);

/** Returns findings about a part from a source of its own, which may be distributed differently. */
function compare(
  table: ExaminedTable,
  rows: Uint32Array,
  profiles: readonly ColumnProfile[],
  { part, table: other, rows: otherRows }: ExaminedPart,
): Finding[] {
  const sample = sampleRows(otherRows);
  const common = profiles.flatMap((profile) => {
    const column = other.columns.find(({ name }) => name === profile.name);
    return column === undefined || profile.constant ? [] : [{ profile, column }];
  });
  const compared = { part, columns: common.length + 1 };
  const target =
    table.target === null || other.target === null
      ? []
      : checkTargetDrift(table.target, rows, other.target, otherRows, compared);
  return [
    ...target,
    ...common.flatMap(({ profile, column }) => {
      const now = profileColumn(column, otherRows, sample);
      return [...checkDrift(profile, now, compared), ...checkMissing(profile, now, compared)];
    }),
  ];
}
