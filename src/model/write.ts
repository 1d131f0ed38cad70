import { writeFileAtomic } from '../atomic.js';
import { membersSha256, weightsSha256 } from '../network/digest.js';
import { metadataOf, type SavedModel, tensorName, torchShape, toTorch } from './format.js';
import { encodeSafetensors } from './safetensors.js';

/** Writes a model file, completely or not at all. */
export function saveModel(file: string, model: SavedModel): void {
  const { layout, bag } = model;
  const members = bag ?? [model.weights];
  const tensors = members.flatMap((weights, member) =>
    layout.views.map(({ name, spec, offset, length }) => ({
      name: tensorName(name, bag ? member : null),
      shape: torchShape(spec),
      data: toTorch(weights.subarray(offset, offset + length), spec),
    })),
  );
  const digest = membersSha256(members.map((weights) => weightsSha256(layout, weights)));
  writeFileAtomic(file, encodeSafetensors(tensors, metadataOf(model, digest)));
}
