import type { Calibration } from '../../src/calibration/record.js';
import type { ColumnSchema } from '../../src/data/columnschema.js';
import { describeReading, isPlain } from '../../src/data/reading.js';
import { readingOf } from '../../src/data/schema.js';
import type { Model } from '../../src/model/index.js';
import { count, countOf, facts, significant, table } from './text.js';

/** Returns the model without its functions. */
export function describeModel({ predict, evaluate, ...model }: Model): Omit<Model, 'predict' | 'evaluate'> {
  return model;
}

/** Says how a column is read and what is made of it, where its name alone would not tell. */
function asRead(column: ColumnSchema): string {
  const reading = readingOf(column);
  const plain = reading.as === 'number' && isPlain(reading);
  const read = reading.as === 'words' ? ['categories'] : plain ? [] : [describeReading(reading)];
  const said = [...read, ...asInput(column)];
  return said.length === 0 ? '' : ` (${said.join('; ')})`;
}

const BENT = {
  log: 'as a logarithm',
  quantileNormal: 'by rank, as a normal distribution',
  quantileUniform: 'by rank, from 0 to 1',
} as const;

/** Says what is made of a column besides scaling it, or an input for each category. */
function asInput(column: ColumnSchema): string[] {
  if (column.kind === 'category') {
    return [
      ...(column.signed ? ['as -1 and 1'] : []),
      ...(column.embedding === undefined ? [] : [`as vectors of ${column.embedding}`]),
      ...(column.rare === undefined ? [] : [`${countOf(column.rare.length, 'rare one')} as one`]),
    ];
  }
  const parts =
    column.kind === 'dateParts' ? [...column.numbers.map(({ part }) => part), ...column.circles] : [];
  return [
    ...(parts.length === 0 ? [] : [`as ${parts.join(', ')}`]),
    ...(column.kind === 'number' && column.transform ? [BENT[column.transform.kind]] : []),
    ...(column.clip ? ['robust scale'] : []),
    ...(column.indicator ? ['missing or not'] : []),
  ];
}

export function modelText(model: Model): string {
  const { schema, classes, layers } = model;
  const inputs =
    schema.kind === 'arrays'
      ? `arrays of ${schema.type}, ${schema.shape.join(' x ')}`
      : schema.columns.map((column) => `${column.name}${asRead(column)}`).join(', ');
  const targets = classes
    ? `${schema.target.kind === 'classes' ? schema.target.name : ''}: ${shortList(classes)}`
    : (schema.target.kind === 'values' ? schema.target.names : []).join(', ');
  const training = Object.entries(model.facts).map(([key, value]) => `${key} ${value}`);
  const summary = facts([
    ['model', model.path],
    ['task', `${model.task}, loss ${model.network.loss}`],
    ['bag', model.members > 1 ? `${model.members} networks, whose predictions are averaged` : null],
    ['inputs', inputs],
    [classes ? 'classes' : 'predicts', targets],
    ['training', training.join(', ')],
    ['calibration', model.calibration && calibrationText(model.calibration)],
    ['weights', `${countOf(model.parameters, 'parameter')}, sha256 ${model.weightsSha256}`],
  ]);
  const rows = layers.map(({ kind, inputs, outputs, parameters }) => [kind, inputs, outputs, parameters]);
  return `${summary}\n\n${table(['layer', 'inputs', 'outputs', 'parameters'], rows)}`;
}

/** Says on how many rows a model was calibrated, and what was found there. */
export function calibrationText(calibration: Calibration): string {
  const rows = countOf(calibration.rows, 'validation row');
  if (calibration.kind === 'values') return `intervals from ${rows}`;
  const { temperature, applied, ece } = calibration;
  const use = applied ? 'applied' : 'not applied';
  return `sets from ${rows}; temperature ${significant(temperature)} (${use}), ece ${significant(ece.before)} before and ${significant(ece.after)} after it`;
}

function shortList(names: readonly string[]): string {
  return names.length <= 20
    ? names.join(', ')
    : `${names.slice(0, 20).join(', ')}, … (${count(names.length)} in all)`;
}
