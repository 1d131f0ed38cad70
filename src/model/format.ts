/**
 * What model.safetensors holds. Tensors: each parameter under PyTorch's name (`0.weight`: the layer's index
 * in the list) and in PyTorch's layout, so that torch.nn.Sequential with the same indices loads them.
 * Metadata: what else it takes to predict, as text.
 */
import type { ArraysSchema, ProblemType, Schema } from '../data/schema.js';
import type { FloatArray } from '../kernels/kernels.js';
import type { ParameterSpec } from '../network/layer.js';
import type { ParameterLayout } from '../network/layout.js';
import type { NetworkSpec } from '../train/specification.js';
import type { Metadata } from './safetensors.js';

export const FORMAT = 'gradpool.model';
export const VERSION = '1';

/** About the training, for people: epochs, seed, … */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

export interface SavedModel {
  readonly network: NetworkSpec;
  readonly schema: Schema;
  readonly layout: ParameterLayout;
  readonly weights: FloatArray;
  readonly facts: Facts;
}

/**
 * The metadata; task, loss and classes repeat what network and preprocessing say, for those who read only
 * these.
 */
export function metadataOf(
  { network, schema, facts }: Pick<SavedModel, 'network' | 'schema' | 'facts'>,
  weightsSha256: string,
): Metadata {
  return {
    format: FORMAT,
    version: VERSION,
    task: taskOf(schema),
    loss: network.loss,
    classes: JSON.stringify(classesOf(schema)),
    network: JSON.stringify(network),
    preprocessing: JSON.stringify(schema),
    training: JSON.stringify(facts),
    weightsSha256,
  };
}

export function taskOf({ target }: Pick<ArraysSchema, 'target'>): ProblemType {
  return target.kind === 'classes' ? 'classification' : 'regression';
}

export function classesOf({ target }: Pick<ArraysSchema, 'target'>): readonly string[] | null {
  return target.kind === 'classes' ? target.classes : null;
}

/** A dense layer's weight is [inputs, units] here, [units, inputs] in PyTorch; other parameters are alike. */
function isTransposed({ name, shape }: ParameterSpec): boolean {
  return name === 'weight' && shape.length === 2;
}

export function torchShape(spec: ParameterSpec): readonly number[] {
  return isTransposed(spec) ? spec.shape.toReversed() : spec.shape;
}

export function toTorch(values: FloatArray, spec: ParameterSpec): Float32Array {
  return isTransposed(spec) ? transposed(values, spec.shape) : Float32Array.from(values);
}

export function fromTorch(values: FloatArray, spec: ParameterSpec): Float32Array {
  return isTransposed(spec) ? transposed(values, torchShape(spec)) : Float32Array.from(values);
}

function transposed(values: FloatArray, [rows, columns]: readonly number[]): Float32Array {
  const result = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  }
  return result;
}
