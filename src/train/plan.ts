/** Plans a training: all that follows from its configuration and data before any memory is taken. */

import type { Encoding } from '../data/dataset.js';
import type { TrainingData } from '../data/load.js';
import { recordBytes } from '../data/stream/records.js';
import { slotsFor } from '../data/stream/ring.js';
import { UsageError } from '../errors.js';
import type { HyperValues } from '../hyperparameters.js';
import { measure } from '../kernels/arena.js';
import { chooseKernels } from '../kernels/choose.js';
import type { KernelName } from '../kernels/kernels.js';
import type { NativeLibrary } from '../kernels/native/index.js';
import { fewestShardRows, type Layer, outputWidth } from '../network/layer.js';
import type { EmbeddedColumn } from '../network/layers/embedding.js';
import { parameterLayout } from '../network/layout.js';
import { type Objective, objective } from '../network/network.js';
import type { NetworkSpec } from '../network/spec.js';
import { averagingSlots } from '../optim/averaging.js';
import { hyperParameters, RULES, type UpdateRule } from '../optim/rules.js';
import { shardCount } from '../parallel/shards.js';
import { type PlannedConfig, type TrainConfig, withEpochs } from './config.js';
import { carveTraining, type MemorySizes } from './memory.js';
import { checkMetric, needsPredictions } from './metric.js';
import { checkSchedules } from './schedules.js';
import { learningRate, specify } from './specification.js';
import { targetsFor } from './targets.js';
import { type Weighting, weightingOf } from './weighting.js';
import { workerCandidates } from './workersearch.js';

/** A training as configuration and data determine it. */
export interface TrainingPlan {
  readonly config: PlannedConfig;
  readonly data: TrainingData;
  readonly network: NetworkSpec;
  /** The whole network, as it predicts. */
  readonly layers: readonly Layer[];
  /** The layers and the divergence that training differentiates. */
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
  /** The processes that train together, 1 where this one trains alone. */
  readonly ranks: number;
  /** Notes on what was inferred, filled or dropped, one plain line each. */
  readonly notes: readonly string[];
  readonly sharedBytes: number;
}

function embeddedColumns({ cardinalities, embeddings }: Encoding): EmbeddedColumn[] {
  return embeddings.flatMap((size, c) => (size > 0 ? [{ categories: cardinalities[c], size }] : []));
}

/**
 * Plans a training, without taking any memory for it.
 * @param resolved the configuration, as `resolveConfig` returns it
 * @param profiled whether tasks will time their phases for a `Profile`
 * @param cores cores that `workers: auto` may use; by default this machine's
 * @param ranks processes that train together
 * @throws UsageError where configuration and data do not fit together
 * @throws DataError where a target does not fit the loss
 */
export function planTraining(
  resolved: TrainConfig,
  loaded: TrainingData,
  profiled = false,
  cores?: number,
  ranks = 1,
): TrainingPlan {
  const config = withEpochs(resolved);
  const { network, layers } = specify(config, {
    problemType: loaded.task,
    inputs: loaded.inputWidth,
    outputs: loaded.outputs,
    continuous: loaded.continuous,
    embedded: embeddedColumns(loaded.encoding),
  });
  const data = targetsFor(network.loss, loaded);
  const trained = objective(layers, network.loss, network.lossParameter);
  const batch = batchRows(config.batch, data.train.rows.length);
  checkRows(config, data, batch);
  checkMetric(config, data, layers);
  const rule: UpdateRule = RULES[config.optimizer];
  checkRates(config, rule, trained.layers);
  const hyper = hyperParameters(config.optimizer, config);
  checkSchedules({ config, network, hyper }, layers);
  const sharding = { shards: config.shards, shardRows: fewestShardRows(trained.layers) };
  const shards = shardCount(batch, sharding);
  checkRanks(ranks, shards, batch);
  const workers = workerCandidates(config.workers, Math.ceil(shards / ranks), cores);
  const chosen = chooseKernels(config);
  const stepsPerEpoch = Math.ceil(data.train.rows.length / batch);
  const sizes: MemorySizes = {
    ...sharding,
    batch,
    workspaces: Math.max(1, ...workers),
    fewestTasks: ranks * Math.max(1, Math.min(...workers)),
    targetWidth: data.train.dataset.targetWidth,
    slots: [...rule.slots(hyper), ...averagingSlots(config)],
    trainRows: data.train.rows.length,
    orderRows: orderRows(data, batch, stepsPerEpoch),
    keptRows: needsPredictions(config) ? (data.val?.rows.length ?? 0) : 0,
    outputWidth: outputWidth(layers),
    evaluationRows: Math.max(0, ...[data.val, data.test].map((subset) => subset?.rows.length ?? 0)),
    kernels: chosen.name,
    precision: config.precision,
    profiled,
    sliced: sliceable(config, rule, trained.layers, { workers: Math.max(...workers), ranks }),
    audited: config.audit > 0,
    decayBiases: config.decayBiases || hyper.weightDecay === 0,
  };
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
    ranks,
    notes: [
      ...data.notes,
      ...batchNotes(config, sizes),
      ...streamNotes(config, data, stepsPerEpoch),
      ...(chosen.note === null ? [] : [chosen.note]),
    ],
    sharedBytes: measure((arena) => carveTraining(arena, trained, data.task, sizes)),
  };
}

/** Returns the rows that are in memory in the order in which they are trained on. */
function orderRows({ train }: TrainingData, batch: number, stepsPerEpoch: number): number {
  if (train.dataset.stored === undefined) return train.rows.length;
  return batch * slotsFor(train.dataset, batch, stepsPerEpoch);
}

/** Bytes of a stored row up to which it takes longer to ask for it than to copy it. */
const NARROW = 1024;

/** Returns a note where rows are read one by one from disk and another order would be faster. */
function streamNotes({ shuffle }: TrainConfig, { train }: TrainingData, stepsPerEpoch: number): string[] {
  const { dataset } = train;
  const slow = dataset.stored !== undefined && shuffle === 'rows' && recordBytes(dataset) < NARROW;
  return slow && stepsPerEpoch > 1
    ? [
        'stream: rows are read one by one; --shuffle blocks reads 64 at once, faster where the disk is asked, in another order',
      ]
    : [];
}

/** Refuses a batch that is larger than the data, and patience without rows to validate on. */
function checkRows({ patience }: TrainConfig, { train, val }: TrainingData, batch: number): void {
  const rows = train.rows.length;
  if (batch > rows) {
    throw new UsageError(
      `batch: ${batch} is larger than the ${rows} training rows; take --batch all, or at most ${rows}`,
    );
  }
  if (patience !== undefined && val === null) {
    throw new UsageError(
      'patience watches the validation loss, but no rows are kept back to validate: set val 0.1 or drop patience',
    );
  }
}

/** Refuses a rule that steps along one line in a network whose parameters have several learning rates. */
function checkRates({ optimizer }: TrainConfig, { lineSearch }: UpdateRule, layers: readonly Layer[]): void {
  const { views } = parameterLayout(layers);
  const apart = views.find(({ spec }) => (spec.rateFactor ?? 1) !== 1);
  if (!lineSearch || !apart) return;
  throw new UsageError(
    `optimizer ${optimizer} has one rate for all parameters, but ${apart.name} has ${apart.spec.rateFactor} times the learning rate: set its layer's rate to 1, or take adamw`,
  );
}

/**
 * The fewest parameters that workers update in slices: with fewer, posting the tasks takes longer than the
 * update.
 */
const SLICED_FROM = 50_000;

/**
 * Whether each worker, or each rank, may update a slice of the parameters: the update must be one step,
 * element by element. The average of the weights is needed as a whole on every rank.
 */
function sliceable(
  config: TrainConfig,
  rule: UpdateRule,
  layers: readonly Layer[],
  { workers, ranks }: { readonly workers: number; readonly ranks: number },
): boolean {
  const { clip, clipValue, l1, maxNorm, averaging } = config;
  const { length, trainable } = parameterLayout(layers);
  const plain = !clip && clipValue === undefined && l1 === 0 && maxNorm === undefined;
  const pays = ranks > 1 ? averaging === 'none' : workers > 1 && length >= SLICED_FROM;
  return plain && !rule.wholeBlock && length === trainable && pays;
}

/** Refuses ranks that would have nothing to do. */
function checkRanks(ranks: number, shards: number, batch: number): void {
  if (ranks <= shards) return;
  throw new UsageError(
    `${ranks} ranks share the ${shards} shards of a batch of ${batch} rows, and some would have none: start at most ${shards} ranks${batch > shards ? `, or take --shards ${ranks}` : ''}`,
  );
}

/** Returns notes on a batch of all rows, and on fewer shards than the configuration asks for. */
function batchNotes(config: TrainConfig, sizes: MemorySizes): string[] {
  const { batch, trainRows, shardRows } = sizes;
  const asked = Math.min(config.shards, batch);
  const shards = shardCount(batch, sizes);
  return [
    ...(config.batch === 'auto' && trainRows < AUTO_BATCH ? [`batch: all ${trainRows} rows`] : []),
    ...(shards < asked
      ? [
          `shards: ${shards} instead of ${asked} for a batch of ${batch} rows: batch normalisation is over a shard, which has ${shardRows} rows at least`,
        ]
      : []),
  ];
}

/** Rows of a batch when the configuration does not say. */
const AUTO_BATCH = 128;

function batchRows(batch: TrainConfig['batch'], rows: number): number {
  if (batch === 'all') return rows;
  return batch === 'auto' ? Math.min(AUTO_BATCH, rows) : batch;
}
