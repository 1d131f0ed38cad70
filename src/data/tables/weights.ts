/** Reads sample weights: a column that says how much each row counts in the training loss. */
import { PLAIN_FORMAT } from '../reading.js';
import { cellError, misfitText } from './cellerrors.js';
import { NO_WORD } from './cells.js';
import { unknownColumn } from './columnnames.js';
import type { ConvertedColumn } from './convert.js';
import type { BlockReader, TableReader } from './reader.js';

/** Throws UsageError if there is no such column. */
export function checkWeights({ source, columns }: BlockReader, name: string): void {
  const names = columns.map((column) => column.name);
  if (names.includes(name)) return;
  throw unknownColumn('--weights', name, source, names);
}

/** Returns one weight for each row. Throws DataError for a cell that is not a number, or a negative one. */
export async function readWeights(
  reader: Pick<TableReader, 'locate'>,
  name: string,
  { column }: ConvertedColumn,
): Promise<Float32Array<SharedArrayBuffer>> {
  if (column.kind === 'words') {
    const row = column.codes.findIndex((code) => code !== NO_WORD);
    const word = column.words.at(column.codes[row]) ?? '';
    const reason = misfitText(word, { as: 'number', ...PLAIN_FORMAT, missing: [] }, false);
    throw await cellError(reader, Math.max(0, row), name, reason); // without a word, the first row
  }
  const { values } = column;
  const weights = new Float32Array(new SharedArrayBuffer(4 * values.length));
  for (let row = 0; row < values.length; row++) {
    weights[row] = values[row];
    if (values[row] >= 0 && Number.isFinite(weights[row])) continue;
    const found = Number.isNaN(values[row]) ? 'no value' : `${values[row]}`;
    throw await cellError(reader, row, name, `${found}, where a weight must be 0 or more; correct the cell`);
  }
  return weights;
}
