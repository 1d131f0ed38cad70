/** Reads a model file. It may come from anybody, so nothing in it is believed before it has been checked. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Calibration, calibrationSchema } from '../calibration/record.js';
import { inputWidth } from '../data/dataset.js';
import { encodingOf, numberWidthOf, outputsOf, parseSchema, type Schema } from '../data/schema.js';
import { shellPath } from '../data/words.js';
import { DataError, UsageError } from '../errors.js';
import { MOST_MEMBERS, membersSha256, weightsSha256 } from '../network/digest.js';
import { DIVERGENCE_NAMES, DIVERGENCES, type Divergence } from '../network/divergences.js';
import { uncheckedLayers } from '../network/kind.js';
import { givesProbabilities, type Layer, type ParameterSpec } from '../network/layer.js';
import type { layersSchema } from '../network/layerspec.js';
import { type ParameterLayout, parameterLayout } from '../network/layout.js';
import { MOST_LEVELS, quantilePairs } from '../network/quantiles.js';
import { buildLayers, type NetworkSpec } from '../network/spec.js';
import { partOf, readRegular } from '../regular.js';
import {
  BAG_VERSION,
  fromTorch,
  MODEL_FORMAT,
  MODEL_VERSION,
  metadataOf,
  metadataSound,
  type SavedModel,
  tensorName,
  torchShape,
} from './format.js';
import { decodeSafetensors, type FileTensor, type Metadata } from './safetensors.js';

/** A model as it was saved, with the layers that its network stands for. */
export interface ReadModel extends SavedModel {
  readonly file: string;
  readonly layers: readonly Layer[];
  readonly weights: Float32Array;
  readonly bag?: readonly Float32Array[];
  readonly calibration: Calibration | null;
  readonly weightsSha256: string;
}

const networkSchema = z.strictObject({
  inputs: z.number().int().min(1),
  layers: uncheckedLayers.min(1) as unknown as typeof layersSchema,
  loss: z.enum(DIVERGENCE_NAMES),
  lossParameter: z.union([z.number(), z.array(z.number().gt(0).lt(1)).min(1).max(MOST_LEVELS)]).optional(),
});
const factsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/**
 * Reads the model of a run's folder or of a .safetensors file.
 * @throws DataError naming the file and what is wrong with it
 */
export function readModel(path: string): ReadModel {
  const file = modelFile(path);
  const { tensors, metadata } = decodeSafetensors(readBytes(file), file);
  checkFormat(metadata, file);
  if (!metadataSound(metadata)) {
    throw new DataError(
      `${file}: damaged: the checksum of its network and preprocessing does not match; take another copy`,
    );
  }
  const network = parse(networkSchema, metadata, 'network', file);
  const schema = parseSchema(json(metadata, 'preprocessing', file), file);
  const facts = parse(factsSchema, metadata, 'training', file);
  const layers = layersOf(network, schema, file);
  const calibration = readCalibration(metadata, { layers, network, schema }, file);
  const layout = parameterLayout(layers);
  const members = readMembers(tensors, { layout, count: memberCount(metadata, file) }, file);
  const bag = metadata.version === BAG_VERSION ? { bag: members } : {};

  const digest = membersSha256(members.map((weights) => weightsSha256(layout, weights)));
  const found = metadataOf({ network, schema, facts, calibration, ...bag }, digest);
  for (const key of ['task', 'loss', 'classes', 'weightsSha256']) {
    if (metadata[key] !== found[key]) {
      throw new DataError(
        `${file}: damaged: its ${key} is ${found[key]}, but it says ${metadata[key]}; take another copy`,
      );
    }
  }
  const weights = members[0];
  return {
    file,
    network,
    schema,
    facts,
    calibration,
    layers,
    layout,
    weights,
    ...bag,
    weightsSha256: digest,
  };
}

/** Reads the calibration, which models of earlier versions lack, and checks that it is of such a network. */
function readCalibration(
  metadata: Metadata,
  model: Pick<ReadModel, 'layers' | 'network' | 'schema'>,
  file: string,
): Calibration | null {
  if (metadata.calibration === undefined) return null;
  const calibration = parse(calibrationSchema, metadata, 'calibration', file);
  if (suits(calibration, model, levelsOf(model.network, model.schema, file))) return calibration;
  throw new DataError(`${file}: its calibration is not one of its network; the file is damaged`);
}

/** Whether a calibration has as many lists of scores as there are targets and pairs of quantiles. */
function suits(
  calibration: Calibration,
  { layers, schema }: Pick<ReadModel, 'layers' | 'schema'>,
  levels: readonly number[],
): boolean {
  const { target } = schema;
  if (calibration.kind === 'classes') {
    return (
      target.kind === 'classes' && givesProbabilities(layers) && calibration.scores.length <= calibration.rows
    );
  }
  const pairs = quantilePairs(levels.length).length;
  const rightSize = (lists: readonly (readonly number[])[]) =>
    lists.length === pairs && lists.every((scores) => scores.length <= calibration.rows);
  return (
    target.kind === 'values' &&
    calibration.scores.length === target.names.length &&
    calibration.scores.every(rightSize)
  );
}

function modelFile(path: string): string {
  if (!existsSync(path)) throw new DataError(`${path}: there is no such run or model; check the path`);
  if (!statSync(path).isDirectory()) return path;
  const file = partOf(path, 'model.safetensors');
  if (existsSync(file)) return file;
  const fold = partOf(path, join('folds', '01'));
  if (existsSync(fold)) {
    throw new DataError(
      `${path}: holds no model.safetensors: a cross-validation keeps one when it has ended with --refit; ${shellPath(fold)} holds the network of a fold`,
    );
  }
  throw new DataError(
    `${path}: holds no model.safetensors: a run has one when it has ended (gradpool resume ${shellPath(path)})`,
  );
}

function readBytes(file: string): Uint8Array {
  try {
    return readRegular(file);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${file}: cannot be read (${(error as Error).message})`);
  }
}

function checkFormat({ format, version }: Metadata, file: string): void {
  if (format !== MODEL_FORMAT) {
    throw new DataError(
      `${file}: not a gradpool model: its format is ${format ?? 'not given'}, expected ${MODEL_FORMAT}`,
    );
  }
  if (version !== MODEL_VERSION && version !== BAG_VERSION) {
    throw new DataError(
      `${file}: a model of format version ${version}; this gradpool reads versions ${MODEL_VERSION} and ${BAG_VERSION}: use the one that wrote it`,
    );
  }
}

/** Returns the number of networks in a file. Throws DataError for a bag that does not say how many. */
function memberCount({ version, members }: Metadata, file: string): number {
  if (version !== BAG_VERSION) return 1;
  const count = /^[1-9]\d{0,3}$/.test(members ?? '') ? Number(members) : 0;
  if (count >= 2 && count <= MOST_MEMBERS) return count;
  throw new DataError(
    `${file}: damaged: a bag of ${members ?? 'unknown many'} members, expected 2 to ${MOST_MEMBERS}; take another copy`,
  );
}

function json(metadata: Metadata, key: string, file: string): unknown {
  try {
    return JSON.parse(metadata[key]);
  } catch {
    throw new DataError(`${file}: damaged: its metadata has no valid ${key}; take another copy`);
  }
}

function parse<T>(schema: z.ZodType<T>, metadata: Metadata, key: string, file: string): T {
  const parsed = schema.safeParse(json(metadata, key, file));
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new DataError(
    `${file}: its ${key} is not valid at ${path.join('.') || 'the top'} (${message}); the file is damaged or of another version`,
  );
}

/** Builds the layers, and checks that their widths begin and end as the preprocessing says. */
function layersOf(network: NetworkSpec, schema: Schema, file: string): Layer[] {
  const inputs = inputWidth(encodingOf(schema), numberWidthOf(schema));
  const levels = levelsOf(network, schema, file);
  const outputs = outputsOf(schema) * Math.max(1, levels.length);
  let layers: Layer[];
  try {
    layers = buildLayers(network.layers, network.inputs);
  } catch (error) {
    if (error instanceof UsageError) throw new DataError(`${file}: ${error.message}`);
    throw error;
  }
  const last = layers[layers.length - 1].outputs;
  const oneForTwo = last === 1 && outputs === 2 && schema.target.kind === 'classes';
  if (network.inputs !== inputs || (last !== outputs && !oneForTwo)) {
    throw new DataError(
      `${file}: its network is ${network.inputs} to ${last}, its preprocessing ${inputs} to ${outputs}; the file is damaged`,
    );
  }
  return layers;
}

/** Returns the levels of the quantiles that a network predicts; none if it predicts one value. */
function levelsOf({ loss, lossParameter }: NetworkSpec, schema: Schema, file: string): readonly number[] {
  const { levels }: Divergence = DIVERGENCES[loss];
  const found = typeof lossParameter === 'object' ? lossParameter : null;
  const sound = levels
    ? schema.target.kind === 'values' && found?.every((level, i) => i === 0 || found[i - 1] < level) === true
    : found === null;
  if (sound) return found ?? [];
  throw new DataError(`${file}: its lossParameter does not suit loss ${loss}; the file is damaged`);
}

/**
 * Returns the parameters of each member in gradpool's layout. Their number and shapes are checked before
 * memory is allocated.
 */
function readMembers(
  tensors: ReadonlyMap<string, FileTensor>,
  { layout, count }: { readonly layout: ParameterLayout; readonly count: number },
  file: string,
): Float32Array[] {
  const members = Array.from({ length: count }, (_, member) => {
    const prefix = count > 1 ? member : null;
    return layout.views.map((view) => parameter(tensors, tensorName(view.name, prefix), view.spec, file));
  });
  const needed = count * layout.views.length;
  if (tensors.size !== needed) {
    const whose = count > 1 ? `the networks of its ${count} members have` : 'its network has';
    throw new DataError(`${file}: holds ${tensors.size} tensors, ${whose} ${needed} parameters`);
  }
  return members.map((sources) => {
    const weights = new Float32Array(layout.length);
    layout.views.forEach(({ spec, offset }, index) => {
      weights.set(fromTorch(sources[index], spec), offset);
    });
    return weights;
  });
}

/** Returns the values of a parameter as they stand in the file. */
function parameter(
  tensors: ReadonlyMap<string, FileTensor>,
  name: string,
  spec: ParameterSpec,
  file: string,
): Float32Array {
  const expected = torchShape(spec);
  const tensor = tensors.get(name);
  if (tensor?.dtype !== 'F32' || String(tensor.shape) !== String(expected)) {
    const found = tensor ? `${tensor.dtype} [${tensor.shape}]` : 'missing';
    throw new DataError(`${file}: parameter ${name} is ${found}, its network needs F32 [${expected}]`);
  }
  if (!tensor.data.every(Number.isFinite)) throw new DataError(`${file}: parameter ${name} is not finite`);
  return tensor.data as Float32Array;
}
