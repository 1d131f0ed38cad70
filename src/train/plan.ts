/** Everything about a training that follows from its configuration and data, before any memory is taken. */
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
import { buildLayers } from '../network/spec.js';
import { averagingSlots } from '../optim/averaging.js';
import { hyperParameters, RULES, type UpdateRule } from '../optim/rules.js';
import { measure } from '../parallel/arena.js';
import { type ShardCut, shardCount } from '../parallel/shards.js';
import { refuseUnused, type TrainConfig } from './config.js';
import { carveTraining, type MemoryPlan } from './memory.js';
import { learningRate, type NetworkSpec, specify } from './specification.js';
import { targetsFor } from './targets.js';
import { type Weighting, weightingOf } from './weighting.js';
import { workerCandidates } from './workersearch.js';

export interface TrainingPlan {
  readonly config: TrainConfig;
  readonly data: TrainingData;
  readonly network: NetworkSpec;
  /** the whole network, as it predicts */
  readonly layers: readonly Layer[];
  /** what is differentiated in training */
  readonly objective: Objective;
  readonly weighting: Weighting;
  readonly kernels: KernelName;
  /** what native kernels multiply with */
  readonly library: NativeLibrary | null;
  readonly rule: UpdateRule;
  readonly hyper: HyperValues;
  readonly lr: number;
  /** rows of a full batch */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** the numbers of workers to choose from; one when it was given */
  readonly workers: readonly number[];
  readonly memory: MemoryPlan;
  /** the data's, and what else was inferred */
  readonly notes: readonly string[];
  readonly sharedBytes: number;
}

function embeddedColumns({ cardinalities, embeddings }: Encoding): EmbeddedColumn[] {
  return embeddings.flatMap((size, c) => (size > 0 ? [{ categories: cardinalities[c], size }] : []));
}

/**
 * Throws UsageError where configuration and data do not fit together, DataError where a target does not fit the loss.
 * @param profiled whether there is to be room for workers to tell where their time goes (`Profile`)
 * @param cores that `workers: auto` may use; by default this machine's
 */
export function planTraining(
  config: TrainConfig,
  loaded: TrainingData,
  profiled = false,
  cores?: number,
): TrainingPlan {
  const network = specify(config, {
    task: loaded.task,
    inputs: loaded.inputWidth,
    outputs: loaded.outputs,
    embedded: embeddedColumns(loaded.encoding),
  });
  refuseUnused({ ...config, loss: network.loss });
  const data = targetsFor(network.loss, loaded);
  const layers = buildLayers(network.layers, network.inputs);
  const target = objective(layers, network.loss, network.lossParameter);
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
  const cut = { shards: config.shards, shardRows: fewestShardRows(target.layers) };
  const workers = workerCandidates(config.workers, shardCount(batch, cut), cores);
  const chosen = chooseKernels(config);
  const memory: MemoryPlan = {
    ...cut,
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
    sliced: sliceable(config, rule, target.layers, Math.max(...workers)),
  };
  const stepsPerEpoch = Math.ceil(rows / batch);
  return {
    config,
    data,
    network,
    layers,
    objective: target,
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
    memory,
    notes: [
      ...data.notes,
      ...(config.batch === 'auto' && rows < AUTO_BATCH ? [`batch: all ${rows} rows`] : []),
      ...shardNote(batch, cut),
      ...(chosen.note === null ? [] : [chosen.note]),
    ],
    sharedBytes: measure((arena) => carveTraining(arena, target.layers, memory)),
  };
}

/** Parameters from which workers update them in slices: below, to tell them takes longer. */
const SLICED_FROM = 50_000;

/** Whether the update is one step element by element, so that each worker may make a part of it. */
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

/** What a user should know where a layer leaves fewer shards, and with them fewer tasks, than the configuration asks for. */
function shardNote(batch: number, cut: ShardCut): string[] {
  const asked = Math.min(cut.shards, batch);
  const shards = shardCount(batch, cut);
  if (shards === asked) return [];
  return [
    `shards: ${shards} instead of ${asked} for a batch of ${batch} rows: batch normalisation is over a shard, which has ${cut.shardRows} rows at least`,
  ];
}

const AUTO_BATCH = 128;

function batchRows(batch: TrainConfig['batch'], rows: number): number {
  if (batch === 'all') return rows;
  return batch === 'auto' ? Math.min(AUTO_BATCH, rows) : batch;
}
