import { featuresOf, type RawFeature, type Schema } from '../data/schema.js';

/**
 * Returns the features of every raw column of a table; null for images and other arrays with several axes,
 * which have no columns. The columns of other arrays are named by their place, from `input 1` on.
 */
export function columnFeatures(schema: Schema): RawFeature[] | null {
  if (schema.kind === 'arrays') {
    if (schema.shape.length > 1) return null;
    return Array.from({ length: schema.shape[0] }, (_, i) => ({
      name: `input ${i + 1}`,
      numbers: [i],
      codes: [],
    }));
  }
  return featuresOf(schema);
}
