/** The data as it was understood: what each column is, how it is read, and what was noted. */
import type { ColumnSchema } from '../../data/columnschema.js';
import { findingText } from '../../data/findings/finding.js';
import { describeReading } from '../../data/reading.js';
import { readingOf, type Schema, type TargetSchema } from '../../data/schema.js';
import { dataTable, factList, noteList, type PageSection } from '../elements.js';
import { numberText } from '../format.js';
import { html } from '../html.js';
import type { OpenedRun } from './open.js';

/** Returns the section of the data; null where neither model nor data could be read. */
export function dataSection({ model, data, log }: OpenedRun): PageSection | null {
  const schema = model?.schema ?? data?.schema;
  if (schema === undefined) return null;
  const findings = data?.findings.map(findingText) ?? [];
  const body = html`${targetFacts(schema.target)}
${schema.kind === 'table' ? columnsTable(schema) : arraysFacts(schema)}
${findings.length > 0 && html`<h3>To be checked</h3>${noteList(findings)}`}
${log.start && log.start.notes.length > 0 && html`<h3>Noted at the start</h3>${noteList(log.start.notes)}`}`;
  return { id: 'data', title: 'Data as it was understood', body };
}

const MOST_WORDS = 8;

function words(all: readonly string[]): string {
  const more = all.length - MOST_WORDS;
  return `${all.slice(0, MOST_WORDS).join(', ')}${more > 0 ? `, … and ${more} more` : ''}`;
}

function targetFacts(target: TargetSchema) {
  if (target.kind === 'classes') {
    return factList([
      ['Target', target.name],
      [`${target.classes.length} classes`, words(target.classes)],
      ['Read as', target.reading && describeReading(target.reading)],
    ]);
  }
  return factList([
    [target.names.length === 1 ? 'Target' : `${target.names.length} targets`, words(target.names)],
    ['Mean of the training rows', target.names.length === 1 && numberText(target.shift[0])],
    ['Read as', target.reading && describeReading(target.reading)],
  ]);
}

const arraysFacts = ({ type, shape, shift, scale, clip }: Extract<Schema, { kind: 'arrays' }>) =>
  factList([
    ['A row is an array of', shape.join(' × ')],
    ['Stored as', type],
    [
      'Scaled by',
      shift.length === 1
        ? `(x − ${numberText(shift[0])}) · ${numberText(scale[0])}`
        : 'mean and scale of each place',
    ],
    ['Bent into ±3', clip && 'yes'],
  ]);

const columnsTable = ({ columns }: Extract<Schema, { kind: 'table' }>) =>
  dataTable({
    caption: 'Columns that the network is fed, fitted on the training rows',
    columns: ['Column', 'type', 'read as', 'becomes'],
    words: [1, 2, 3],
    rows: columns.map((column) => [
      column.name,
      column.type,
      describeReading(readingOf(column)),
      becomes(column),
    ]),
    most: 500,
  });

/** Says what a column becomes on its way into the network. */
function becomes(column: ColumnSchema): string {
  const missing = 'indicator' in column && column.indicator ? ', with a mark where it is missing' : '';
  if (column.kind === 'number') {
    const { shift, scale, transform, fill } = column;
    const bent = transform === undefined ? '' : `${transform.kind}, `;
    return `${bent}(x − ${numberText(shift)}) · ${numberText(scale)}, missing filled with ${numberText(fill)}${missing}`;
  }
  if (column.kind === 'dateParts') {
    const parts = [...column.numbers.map(({ part }) => part), ...column.circles];
    return `${parts.join(', ')}${missing}`;
  }
  const { categories, rare, embedding, signed } = column;
  const as = signed ? '−1 and 1' : embedding === undefined ? 'one-hot' : `a learned vector of ${embedding}`;
  const more = [
    ...(column.missing ? ['one for missing'] : []),
    ...(rare === undefined ? [] : [`one for ${rare.length} rare and unknown ones`]),
  ];
  return `${as}: ${categories.length} categories (${words(categories)})${more.length > 0 ? `, ${more.join(', ')}` : ''}`;
}
