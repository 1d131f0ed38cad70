import { writeFileAtomic } from '../atomic.js';
import { weightsSha256 } from '../train/weights.js';
import { metadataOf, type SavedModel, transposed } from './format.js';
import { encodeSafetensors } from './safetensors.js';

/** Writes a model file, whole or not at all. */
export function saveModel(file: string, model: SavedModel): void {
  const { layout, weights } = model;
  const tensors = layout.views.map(({ name, spec: { shape }, offset, length }) => {
    const values = weights.subarray(offset, offset + length);
    return shape.length === 2
      ? { name, shape: [shape[1], shape[0]], data: transposed(values, shape[0], shape[1]) }
      : { name, shape, data: Float32Array.from(values) };
  });
  writeFileAtomic(file, encodeSafetensors(tensors, metadataOf(model, weightsSha256(layout, weights))));
}
