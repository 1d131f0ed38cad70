import type { ColumnSchema } from '../../src/data/columnschema.js';
import { describeReading, isPlain } from '../../src/data/reading.js';
import { readingOf } from '../../src/data/schema.js';
import type { Model } from '../../src/model/index.js';
import { count, countOf, facts, table } from './text.js';

/** Returns the model without its functions. */
export function describeModel({ predict, evaluate, ...model }: Model): Omit<Model, 'predict' | 'evaluate'> {
  return model;
}

/** Says how a column is read, where its name alone would not tell. */
function asRead(column: ColumnSchema): string {
  const reading = readingOf(column);
  if (reading.as === 'words') return ' (categories)';
  const plain = reading.as === 'number' && isPlain(reading);
  return plain ? '' : ` (${describeReading(reading)})`;
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
    ['weights', `${countOf(model.parameters, 'parameter')}, sha256 ${model.weightsSha256}`],
  ]);
  const rows = layers.map(({ kind, inputs, outputs, parameters }) => [kind, inputs, outputs, parameters]);
  return `${summary}\n\n${table(['layer', 'inputs', 'outputs', 'parameters'], rows)}`;
}

function shortList(names: readonly string[]): string {
  return names.length <= 20
    ? names.join(', ')
    : `${names.slice(0, 20).join(', ')}, … (${count(names.length)} in all)`;
}
