import type { Schema } from '../data/schema.js';

/** The features of a column are the places in a dataset's rows that hold what was made of the column. */
export interface ColumnFeatures {
  readonly name: string;
  /** Indices among the numbers of a row. */
  readonly numbers: readonly number[];
  /** Indices among the category codes of a row. */
  readonly codes: readonly number[];
}

/**
 * Returns the features of every raw column of a table; null for images and other arrays with several axes,
 * which have no columns. The columns of other arrays are named by their place, from `input 1` on.
 */
export function columnFeatures(schema: Schema): ColumnFeatures[] | null {
  if (schema.kind === 'arrays') {
    if (schema.shape.length > 1) return null;
    return Array.from({ length: schema.shape[0] }, (_, i) => ({
      name: `input ${i + 1}`,
      numbers: [i],
      codes: [],
    }));
  }
  let [numbers, codes] = [0, 0];
  return schema.columns.map(({ name, kind }) =>
    kind === 'number' ? { name, numbers: [numbers++], codes: [] } : { name, numbers: [], codes: [codes++] },
  );
}
