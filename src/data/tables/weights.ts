/** Sample weights: a column that says how much each row counts in the training loss. */
import { UsageError } from '../../errors.js';
import { didYouMean } from '../words.js';
import { cellError } from './cells.js';
import type { RawTable } from './columns.js';
import { numbersOf } from './encode.js';
import type { Relation } from './relation.js';

/** One weight a row. Throws where the column is absent, or holds anything but numbers from 0 on. */
export async function readWeights(
  raw: RawTable,
  relation: Relation,
  name: string,
): Promise<Float32Array<SharedArrayBuffer>> {
  const names = relation.columns.map((column) => column.name);
  if (!names.includes(name)) {
    const meant = didYouMean(name, names);
    throw new UsageError(
      `--weights ${name}: ${relation.source} has no such column${meant}${meant === '' ? ';' : ''} its columns are ${names.join(', ')}`,
    );
  }
  const { values, width, at } = await numbersOf(raw, relation, name);
  const weights = new Float32Array(new SharedArrayBuffer(4 * raw.rows));
  for (let row = 0; row < raw.rows; row++) {
    const weight = values[row * width + at];
    if (!(weight >= 0)) {
      const found = Number.isNaN(weight) ? 'no value' : `${weight}`;
      throw await cellError(
        relation,
        row,
        name,
        `${found}, where a weight is a number from 0 on; correct the cell`,
      );
    }
    weights[row] = weight;
  }
  return weights;
}
