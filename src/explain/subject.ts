/**
 * Opens what `explain` and `gradcheck` work on: a network with its weights and some rows, from a run, a model
 * or a configuration.
 */
import { existsSync, statSync } from 'node:fs';
import type { Encoding, Subset } from '../data/dataset.js';
import { gather } from '../data/gather.js';
import { loadTrainingData, loadWithSchema } from '../data/load.js';
import { prepareEncoding } from '../data/preparedencoding.js';
import { encodingOf } from '../data/schema.js';
import { DataError, UsageError } from '../errors.js';
import { refuseNamedLibrary } from '../kernels/native/index.js';
import { classesOf, type SavedModel } from '../model/format.js';
import { readModel } from '../model/read.js';
import { DIVERGENCES, type Divergence, type DivergenceName } from '../network/divergences.js';
import { initialize } from '../network/initialize.js';
import { type Layer, outputWidth } from '../network/layer.js';
import { parameterLayout } from '../network/layout.js';
import { unfused } from '../network/network.js';
import { writeQuantileTargets } from '../network/quantiles.js';
import { buildLayers, type NetworkSpec } from '../network/spec.js';
import { readRun } from '../run/folder.js';
import { resolveConfig, type TrainConfig } from '../train/config.js';
import { planTraining } from '../train/plan.js';
import { lossParameterOf } from '../train/specification.js';
import { type Given, readGivenConfig, setWeights } from './given.js';

/** Says which network to open, and which rows. */
export interface SubjectRequest {
  /** A run's folder, a model file or a configuration file. */
  readonly path: string;
  /** Source of the rows; by default the run's or the configuration's own data. */
  readonly data?: string | undefined;
  /** The first row, counted from 1. */
  readonly row?: number | undefined;
  /** Number of rows; 1 by default. */
  readonly rows?: number;
  /** The network's inputs after preprocessing, instead of a row. */
  readonly input?: readonly number[] | undefined;
  /** The member of a bag to open, counted from 1; the first by default. */
  readonly member?: number | undefined;
  /** Desired outputs for `input`, or a class by its name or counted from 0. */
  readonly target?: string | undefined;
}

/** A subject is a network with its weights and some rows. */
export interface Subject {
  readonly layers: readonly Layer[];
  readonly loss: DivergenceName;
  /** The divergence's parameter or its levels; undefined for its default. */
  readonly lossParameter?: NetworkSpec['lossParameter'];
  /** The block of all parameters, in float64. */
  readonly weights: Float64Array;
  /** Origin of the weights: `given` ones stand in the configuration. */
  readonly origin: 'trained' | 'initial' | 'given';
  /** The rows, in words: 'row 3 of iris.csv', 'the given input'. */
  readonly instance: string;
  readonly rows: number;
  /** Inputs [R, inputs]. */
  readonly x: Float64Array;
  /**
   * Desired outputs: class indices [R, 1], or values [R, outputs]; with levels beside them [R, 2·outputs].
   */
  readonly d: Float64Array;
  /** Names of the classes; null where there are none. */
  readonly classes: readonly string[] | null;
  /** The member of a bag that it is, counted from 1, and their number; left out for a single network. */
  readonly bag?: { readonly member: number; readonly of: number } | undefined;
}

/** A network without rows yet. */
type Network = Pick<Subject, 'layers' | 'loss' | 'lossParameter' | 'weights' | 'origin' | 'classes' | 'bag'>;

/**
 * Opens a network and reads the rows to look at: for `explain` the first of them, for `gradcheckNetwork` all.
 *
 * @throws DataError where a file is missing or wrong, UsageError where the request does not fit the network
 * @example
 * ```js
 * import { openSubject, train } from 'gradpool';
 *
 * for await (const event of train({ data: 'iris', hidden: [4] }, { out: 'runs/opened' })) void event;
 * const { origin, instance, rows, x, classes } = await openSubject({ path: 'runs/opened', row: 3 });
 * console.log(origin, instance, rows, x.length, classes?.length); // → trained row 3 of iris 1 4 3
 * ```
 */
export async function openSubject(request: SubjectRequest): Promise<Subject> {
  const { path } = request;
  if (!existsSync(path))
    throw new DataError(`${path}: there is no such run, model or configuration; check the path`);
  if (/\.(ya?ml|json)$/i.test(path) && statSync(path).isFile()) return fromConfig(request);
  return fromModel(request);
}

async function fromModel(request: SubjectRequest): Promise<Subject> {
  const { path, input } = request;
  const model = readModel(path);
  const { weights, bag } = chosenMember(model, request);
  const network: Network = {
    layers: model.layers,
    loss: model.network.loss,
    lossParameter: model.network.lossParameter,
    weights: Float64Array.from(weights),
    bag,
    origin: 'trained',
    classes: classesOf(model.schema),
  };
  if (input) return withInput(network, input, request.target);
  const data = request.data ?? ownData(path);
  const { subset } = await loadWithSchema(data, model.schema, { needTargets: true });
  return withRows(
    network,
    { subset, encoding: encodingOf(model.schema), classification: hasClasses(model), data },
    request,
  );
}

/** Returns the weights of one member of a bag, or of a single network. */
function chosenMember(
  { bag, weights }: Pick<SavedModel, 'bag' | 'weights'>,
  { path, member = 1 }: SubjectRequest,
): Pick<SavedModel, 'weights'> & Pick<Subject, 'bag'> {
  const of = bag?.length ?? 1;
  if (!(Number.isInteger(member) && member >= 1 && member <= of)) {
    const has = bag ? `is a bag of ${of} networks, 1 to ${of}` : 'is a single network, not a bag';
    throw new UsageError(`--member ${member}: ${path} ${has}`);
  }
  return bag ? { weights: bag[member - 1], bag: { member, of } } : { weights };
}

const hasClasses = ({ schema }: Pick<SavedModel, 'schema'>) => schema.target.kind === 'classes';

/** Returns the name of a run's data. Throws UsageError for a model file, which does not name any. */
function ownData(path: string): string {
  if (statSync(path).isDirectory()) return readRun(path).config.data;
  throw new UsageError(
    `${path}: a model file does not name its data: add it, as in ${path} DATA --row 1, or give --input and --target`,
  );
}

async function fromConfig(request: SubjectRequest): Promise<Subject> {
  const { path } = request;
  const { options, given } = readGivenConfig(path);
  refuseNamedLibrary(options.nativeLibrary, `${path}: nativeLibrary`);
  const input = request.input ?? given.input;
  const data = request.data ?? options.data;
  try {
    if (input && request.row === undefined) {
      const config = resolveConfig({ ...options, data: data ?? 'none' });
      const target = request.target ?? (given.target === undefined ? undefined : String(given.target));
      return withInput(networkAlone(config, (given.input ?? input).length, given), input, target);
    }
    if (data === undefined) throw new UsageError('no instance: give --input and --target, or data');
    const config = resolveConfig({ ...options, data });
    const { layers, network, data: planned } = planTraining(config, await loadTrainingData(config));
    const { train, encoding, classes, task } = planned;
    return withRows(
      {
        ...initialNetwork(layers, config, given),
        loss: network.loss,
        lossParameter: network.lossParameter,
        classes,
      },
      { subset: train, encoding, classification: task === 'classification', data },
      request,
    );
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${path}: ${error.message}`) : error;
  }
}

/** Builds a network without data: the configuration must then name its layers and its loss. */
function networkAlone(config: TrainConfig, inputs: number, given: Given): Network {
  const { layers, loss } = config;
  if (!layers) throw new UsageError('no network: give layers, as in layers: [{dense: 2}, sigmoid], or data');
  if (loss === 'auto') throw new UsageError('loss: without data it must be named, as in loss: squaredError');
  const lossParameter = lossParameterOf(config, loss);
  return {
    ...initialNetwork(buildLayers(layers, inputs), config, given),
    loss,
    lossParameter,
    classes: null,
  };
}

/** Initializes the weights as a training does, in float32, and writes the given ones over them. */
function initialNetwork(layers: readonly Layer[], config: TrainConfig, { weights: given }: Given) {
  const layout = parameterLayout(layers);
  const initial = new Float32Array(layout.length);
  initialize(initial, layout, config.init, config.seed, config.initConstant);
  const weights = Float64Array.from(initial);
  if (given) setWeights(weights, layers, layout, given);
  return { layers, weights, origin: given ? ('given' as const) : ('initial' as const) };
}

function withInput(network: Network, input: readonly number[], target: string | undefined): Subject {
  const { inputs } = network.layers[0];
  if (input.length !== inputs) {
    throw new UsageError(`input: the network takes ${inputs} numbers, found ${input.length}`);
  }
  const d = desiredOf(network, target);
  return { ...network, instance: 'the given input', rows: 1, x: Float64Array.from(input), d };
}

/**
 * Reads the target of a given input: a class as its index where the loss takes one, or the desired outputs.
 */
function desiredOf(
  { layers, loss, lossParameter, classes }: Network,
  target: string | undefined,
): Float64Array {
  const outputs = outputWidth(layers);
  if (target === undefined) throw new UsageError('target: give the desired output, as in --target 0.01,0.99');
  const { targets }: Divergence = DIVERGENCES[loss];
  const named = classes?.indexOf(target) ?? -1;
  const numbers =
    named >= 0 ? [named] : target.split(',').map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
  if (targets === 'class') {
    const [index] = numbers;
    if (numbers.length === 1 && Number.isInteger(index) && index >= 0 && index < outputs)
      return Float64Array.of(index);
    const known = classes ? classes.join(', ') : `0 to ${outputs - 1}`;
    throw new UsageError(`target: expected a class (${known}), found "${target}"`);
  }
  if (named >= 0) return oneHot(named, outputs);
  const { levels } = unfused(layers, loss, lossParameter);
  const width = outputs / Math.max(1, levels.length);
  if (numbers.length !== width || numbers.some(Number.isNaN)) {
    const what = levels.length > 0 ? `predicts quantiles of ${width} values` : `has ${outputs} outputs`;
    throw new UsageError(`target: the network ${what}, found "${target}"`);
  }
  return besideLevels({ layers, loss, lossParameter }, Float64Array.from(numbers));
}

/** Returns targets as the divergence takes them: each once for every level, and the levels beside them. */
function besideLevels(
  { layers, loss, lossParameter }: Pick<Network, 'layers' | 'loss' | 'lossParameter'>,
  targets: Float64Array,
): Float64Array {
  const { levels } = unfused(layers, loss, lossParameter);
  if (levels.length === 0) return targets;
  const width = outputWidth(layers) / levels.length;
  const desired = new Float64Array(2 * targets.length * levels.length);
  writeQuantileTargets(desired, targets, targets.length / width, width, levels);
  return desired;
}

/** Returns the desired outputs for a class. A single output is 1 for the second of two classes. */
function oneHot(index: number, outputs: number): Float64Array {
  return outputs === 1
    ? Float64Array.of(index)
    : Float64Array.from({ length: outputs }, (_, j) => (j === index ? 1 : 0));
}

/** Holds data that were loaded, from which the request's rows are taken. */
interface LoadedData {
  readonly subset: Subset;
  readonly encoding: Encoding;
  readonly classification: boolean;
  /** Names the data for people. */
  readonly data: string;
}

function withRows(
  network: Network,
  { subset: { dataset }, encoding, classification, data }: LoadedData,
  request: SubjectRequest,
): Subject {
  const { row: first = 1, rows: wanted = 1 } = request;
  if (!(Number.isInteger(first) && first >= 1 && first <= dataset.rows)) {
    throw new UsageError(`--row ${first}: ${data} has rows 1 to ${dataset.rows}`);
  }
  const rows = Math.min(wanted, dataset.rows - first + 1);
  const outputs = outputWidth(network.layers);
  const x = new Float64Array(rows * network.layers[0].inputs);
  const stored = new Float64Array(rows * dataset.targetWidth);
  const numbers = Uint32Array.from({ length: rows }, (_, r) => first - 1 + r);
  gather(x, stored, dataset, prepareEncoding(encoding), numbers, 0, rows);
  const { targets }: Divergence = DIVERGENCES[network.loss];
  const asValues = classification && targets === 'values';
  const d = asValues
    ? Float64Array.from(Array.from(stored, (index) => [...oneHot(index, outputs)]).flat())
    : besideLevels(network, stored);
  return { ...network, instance: `row ${first} of ${data}`, rows, x, d };
}
