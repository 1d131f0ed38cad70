import { writeFileAtomic } from '../atomic.js';
import { weightsSha256 } from '../network/digest.js';
import { metadataOf, type SavedModel, torchShape, toTorch } from './format.js';
import { encodeSafetensors } from './safetensors.js';

/** Writes a model file, completely or not at all. */
export function saveModel(file: string, model: SavedModel): void {
  const { layout, weights } = model;
  const tensors = layout.views.map(({ name, spec, offset, length }) => ({
    name,
    shape: torchShape(spec),
    data: toTorch(weights.subarray(offset, offset + length), spec),
  }));
  writeFileAtomic(file, encodeSafetensors(tensors, metadataOf(model, weightsSha256(layout, weights))));
}
