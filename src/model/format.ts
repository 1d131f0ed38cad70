/**
 * What model.safetensors holds. Its tensors are the parameters under PyTorch's names (`0.weight`, with the
 * layer's index in the list) and in PyTorch's layout, so that a torch.nn.Sequential with the same indices
 * loads them; in a bag of networks, `members.0.` and so on stand before them. Its metadata hold, as text,
 * what else is needed to predict.
 */
import { createHash } from 'node:crypto';
import type { Calibration } from '../calibration/record.js';
import type { ArraysSchema, ProblemType, Schema } from '../data/schema.js';
import type { FloatArray } from '../kernels/kernels.js';
import type { ParameterSpec } from '../network/layer.js';
import type { ParameterLayout } from '../network/layout.js';
import type { NetworkSpec } from '../network/spec.js';
import type { Metadata } from './safetensors.js';

export const MODEL_FORMAT = 'gradpool.model';
export const MODEL_VERSION = '1';
/** The version of a bag, whose tensors are named `members.0.0.weight`, so that older readers refuse it. */
export const BAG_VERSION = '2';

/** Facts about the training, for people: epochs, seed, … */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** All that a model file says. */
export interface SavedModel {
  readonly network: NetworkSpec;
  readonly schema: Schema;
  readonly layout: ParameterLayout;
  /** The weights of the network; of a bag, those of its first member. */
  readonly weights: FloatArray;
  /** The weights of all members of a bag, two or more; left out for a single network. */
  readonly bag?: readonly FloatArray[];
  readonly facts: Facts;
  /** How sure its predictions are, measured on validation rows; null where there were none. */
  readonly calibration?: Calibration | null;
}

/**
 * Returns the metadata of a model file. Task, loss and classes repeat what network and preprocessing say, for
 * readers that do not understand those.
 */
export function metadataOf(
  {
    network,
    schema,
    facts,
    bag,
    calibration,
  }: Pick<SavedModel, 'network' | 'schema' | 'facts' | 'bag' | 'calibration'>,
  weightsSha256: string,
): Metadata {
  return sealMetadata({
    format: MODEL_FORMAT,
    version: bag ? BAG_VERSION : MODEL_VERSION,
    ...(bag ? { members: String(bag.length) } : {}),
    task: problemTypeOf(schema),
    loss: network.loss,
    classes: JSON.stringify(classesOf(schema)),
    network: JSON.stringify(network),
    preprocessing: JSON.stringify(schema),
    training: JSON.stringify(facts),
    ...(calibration ? { calibration: JSON.stringify(calibration) } : {}),
    weightsSha256,
  });
}

/** The metadata that a model file may have; the last is the checksum of the others. */
const KEYS = [
  'format',
  'version',
  'members',
  'task',
  'loss',
  'classes',
  'network',
  'preprocessing',
  'training',
  'calibration',
  'weightsSha256',
  'sha256',
];

/** Returns metadata with their checksum, which does not depend on their order. */
function sealMetadata(metadata: Metadata): Metadata {
  const own = KEYS.flatMap((key) => (key === 'sha256' || !(key in metadata) ? [] : [[key, metadata[key]]]));
  return { ...metadata, sha256: createHash('sha256').update(JSON.stringify(own)).digest('hex') };
}

/**
 * Whether metadata are as they were written. Those of earlier versions have no checksum and no keys but
 * those above; keys that another program adds to a model with a checksum do not count.
 */
export function metadataSound(metadata: Metadata): boolean {
  if (metadata.sha256 === undefined) return Object.keys(metadata).every((key) => KEYS.includes(key));
  return sealMetadata(metadata).sha256 === metadata.sha256;
}

/** Returns the name of a parameter's tensor; `member` counts from 0 and is null for a single network. */
export const tensorName = (name: string, member: number | null): string =>
  member === null ? name : `members.${member}.${name}`;

export function problemTypeOf({ target }: Pick<ArraysSchema, 'target'>): ProblemType {
  return target.kind === 'classes' ? 'classification' : 'regression';
}

export function classesOf({ target }: Pick<ArraysSchema, 'target'>): readonly string[] | null {
  return target.kind === 'classes' ? target.classes : null;
}

/**
 * Whether PyTorch stores the transpose: a dense layer's weight is [inputs, units] here and [units, inputs]
 * there.
 */
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
