/** Plans a training: all that follows from its configuration and data before any memory is taken. */
import type { Encoding } from '../data/dataset.js';
import type { TrainingData } from '../data/load.js';
import { UsageError } from '../errors.js';
import type { HyperValues } from '../hyperparameters.js';
import { chooseKernels } from '../kernels/choose.js';
import type { KernelName } from '../kernels/kernels.js';
import type { NativeLibrary } from '../kernels/native/index.js';
import { fewestShardRows, type Layer } from '../network/layer.js';
import type { EmbeddedColumn } from '../network/layers/embedding.js';
import { parameterLayout } from '../network/layout.js';
import { type Objective, objective } from '../network/network.js';
import type { NetworkSpec } from '../network/spec.js';
import { averagingSlots } from '../optim/averaging.js';
import { hyperParameters, RULES, type UpdateRule } from '../optim/rules.js';
import { measure } from '../parallel/arena.js';
import { type Sharding, shardCount } from '../parallel/shards.js';
import { refuseUnused, type TrainConfig } from './config.js';
import { carveTraining, type MemorySizes } from './memory.js';
import { learningRate, specify } from './specification.js';
import { targetsFor } from './targets.js';
import { type Weighting, weightingOf } from './weighting.js';
import { workerCandidates } from './workersearch.js';

/** A training as configuration and data determine it. */
export interface TrainingPlan {
  readonly config: TrainConfig;
  readonly data: TrainingData;
  readonly network: NetworkSpec;
  /** The whole network, as it predicts. */
  readonly layers: readonly Layer[];
  /** What is differentiated in training. */
  readonly objective: Objective;
  readonly weighting: Weighting;
  readonly kernels: KernelName;
  /** The library that native kernels multiply with; null for other kernels. */
  readonly library: NativeLibrary | null;
  readonly rule: UpdateRule;
  readonly hyper: HyperValues;
  readonly lr: number;
  /** Rows of a full batch. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** The numbers of workers to choose from; a single one when it was given. */
  readonly workers: readonly number[];
  readonly sizes: MemorySizes;
  /** What was inferred, filled or dropped, one plain line each. */
  readonly notes: readonly string[];
  readonly sharedBytes: number;
}

function embeddedColumns({ cardinalities, embeddings }: Encoding): EmbeddedColumn[] {
  return embeddings.flatMap((size, c) => (size > 0 ? [{ categories: cardinalities[c], size }] : []));
}

/**
 * Plans a training, without taking any memory for it.
 * @param profiled whether tasks will time their phases for a `Profile`
 * @param cores cores that `workers: auto` may use; by default this machine's
 * @throws UsageError where configuration and data do not fit together
 * @throws DataError where a target does not fit the loss
 */
export function planTraining(
  config: TrainConfig,
  loaded: TrainingData,
  profiled = false,
  cores?: number,
): TrainingPlan {
  const { network, layers } = specify(config, {
    problemType: loaded.task,
    inputs: loaded.inputWidth,
    outputs: loaded.outputs,
    embedded: embeddedColumns(loaded.encoding),
  });
  refuseUnused({ ...config, loss: network.loss });
  const data = targetsFor(network.loss, loaded);
  const trained = objective(layers, network.loss, network.lossParameter);
  const rows = data.train.rows.length;
  const batch = batchRows(config.batch, rows);
  if (batch > rows) {
    throw new UsageError(
      `batch: ${batch} is larger than the ${rows} training rows; take --batch all, or at most ${rows}`,
    );
  }
  if (config.patience !== undefined && data.val === null) {
    throw new UsageError(
      'patience watches the validation loss, but no rows are kept back to validate: set val 0.1 or drop patience',
    );
  }
  const rule: UpdateRule = RULES[config.optimizer];
  const hyper = hyperParameters(config.optimizer, config);
  const sharding = { shards: config.shards, shardRows: fewestShardRows(trained.layers) };
  const workers = workerCandidates(config.workers, shardCount(batch, sharding), cores);
  const chosen = chooseKernels(config);
  const sizes: MemorySizes = {
    ...sharding,
    batch,
    workspaces: Math.max(1, ...workers),
    fewestTasks: Math.max(1, Math.min(...workers)),
    targetWidth: data.train.dataset.targetWidth,
    slots: [...rule.slots(hyper), ...averagingSlots(config)],
    trainRows: rows,
    evaluationRows: Math.max(0, ...[data.val, data.test].map((subset) => subset?.rows.length ?? 0)),
    kernels: chosen.name,
    precision: config.precision,
    profiled,
    sliced: sliceable(config, rule, trained.layers, Math.max(...workers)),
  };
  const stepsPerEpoch = Math.ceil(rows / batch);
  return {
    config,
    data,
    network,
    layers,
    objective: trained,
    weighting: weightingOf(config, data),
    kernels: chosen.name,
    library: chosen.library,
    rule,
    hyper,
    lr: learningRate(config, data.task),
    batch,
    stepsPerEpoch,
    totalSteps: stepsPerEpoch * config.epochs,
    workers,
    sizes,
    notes: [
      ...data.notes,
      ...(config.batch === 'auto' && rows < AUTO_BATCH ? [`batch: all ${rows} rows`] : []),
      ...shardNote(batch, sharding),
      ...(chosen.note === null ? [] : [chosen.note]),
    ],
    sharedBytes: measure((arena) => carveTraining(arena, trained, data.task, sizes)),
  };
}

/**
 * The fewest parameters that workers update in slices: with fewer, posting the tasks takes longer than the
 * update.
 */
const SLICED_FROM = 50_000;

/**
 * Whether each worker may update a slice of the parameters: the update must be one step, element by element.
 */
function sliceable(
  config: TrainConfig,
  rule: UpdateRule,
  layers: readonly Layer[],
  workers: number,
): boolean {
  const { clip, clipValue, l1, maxNorm, averaging } = config;
  const { length, trainable } = parameterLayout(layers);
  const plain = !clip && clipValue === undefined && l1 === 0 && maxNorm === undefined && averaging === 'none';
  return plain && !rule.wholeBlock && workers > 1 && length === trainable && length >= SLICED_FROM;
}

/**
 * Returns a note where a layer leaves fewer shards, and with them fewer tasks, than the configuration asks
 * for.
 */
function shardNote(batch: number, sharding: Sharding): string[] {
  const asked = Math.min(sharding.shards, batch);
  const shards = shardCount(batch, sharding);
  if (shards === asked) return [];
  return [
    `shards: ${shards} instead of ${asked} for a batch of ${batch} rows: batch normalisation is over a shard, which has ${sharding.shardRows} rows at least`,
  ];
}

/** Rows of a batch when the configuration does not say. */
const AUTO_BATCH = 128;

function batchRows(batch: TrainConfig['batch'], rows: number): number {
  if (batch === 'all') return rows;
  return batch === 'auto' ? Math.min(AUTO_BATCH, rows) : batch;
}
