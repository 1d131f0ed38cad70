/** Describes what a source holds before anything is fitted, for `gradpool inspect`. */
import { UsageError } from '../errors.js';
import type { ArraySet, ArraySource } from './arrays/arrayfiles.js';
import { elementTypeOf, type StoredTensor } from './elements.js';
import { type LoadOptions, loadTrainingData } from './load.js';
import { commonMoments } from './moments.js';
import { openSource } from './source.js';
import { allRows } from './split.js';
import type { ColumnDescription, SourceDescription } from './tables/describe.js';
import type { TableOverrides } from './tables/overrides.js';
import { mostFrequent } from './words.js';

/** What a training would be given besides the data; findings depend on it. */
export type TrainingParts = Partial<Pick<LoadOptions, 'target' | 'val' | 'test' | 'seed'>>;

/**
 * Describes every column of a table, or the inputs and labels of a source of arrays.
 * @param parts if any is given, the table is examined as a training with them would see it; without, no
 * column is taken for the target
 */
export async function describeSource(
  data: string,
  overrides: TableOverrides = {},
  parts: TrainingParts = {},
): Promise<SourceDescription> {
  const source = openSource(data);
  const [given] = Object.keys(parts);
  if (source.kind === 'arrays') {
    if (given === undefined) return describeArrays(source);
    throw new UsageError(
      `--${given}: ${source.name} is not a table, and only tables are examined; leave the flag out`,
    );
  }
  const described = await (await import('./tables/describe.js')).describeTable(source, overrides);
  if (given === undefined) return described;
  const asTrained = { task: 'auto', val: 'auto', seed: 1, ...overrides, ...parts, data } as const;
  return { ...described, findings: (await loadTrainingData(asTrained)).findings };
}

function describeArrays(source: ArraySource): SourceDescription {
  const part = (name: string, set: ArraySet) => {
    const tensors = { inputs: set.inputs(), labels: set.labels?.() };
    const columns = Object.entries(tensors).flatMap(([column, tensor]) =>
      tensor === undefined ? [] : [describeTensor(column, tensor)],
    );
    return { name, rows: tensors.inputs.shape[0], columns };
  };
  const parts = [part('train', source.train)];
  if (source.test !== null) parts.push(part('test', source.test));
  return { name: source.name, kind: 'arrays', parts, findings: [] };
}

function describeTensor(name: string, { data, shape }: StoredTensor): ColumnDescription {
  const width = data.length / shape[0];
  const { mean, std } = commonMoments(data, width, allRows(shape[0]));
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    if (data[i] < min) min = data[i];
    if (data[i] > max) max = data[i];
  }
  const counts = width === 1 ? countValues(data) : null;
  return {
    name,
    type: [elementTypeOf(data), shape.slice(1).join(' x ')].join(' ').trim(),
    missing: 0,
    distinct: counts?.size ?? null,
    range: { min, max, mean: mean[0], std: std[0] },
    examples: counts === null ? [] : mostFrequent(counts),
    notes: [],
  };
}

function countValues(values: ArrayLike<number>): Map<string, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < values.length; i++) counts.set(values[i], (counts.get(values[i]) ?? 0) + 1);
  return new Map(Array.from(counts, ([value, count]) => [String(value), count]));
}
