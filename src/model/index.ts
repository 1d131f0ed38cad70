/** Loads saved models, which describe themselves, predict and evaluate in this process, without a trainer. */
import type { Calibration } from '../calibration/record.js';
import type { BlockSource } from '../data/blocks.js';
import { loadWithSchema } from '../data/load.js';
import type { ProblemType, Schema } from '../data/schema.js';
import { type DataSource, sourceName } from '../data/source.js';
import { type ChosenKernels, chooseKernels } from '../kernels/choose.js';
import type { KernelName } from '../kernels/kernels.js';
import type { NetworkSpec } from '../network/spec.js';
import { type LayerRow, layerTable } from '../network/table.js';
import { type Dependence, dependenceColumns, partialDependence } from './dependence.js';
import { type EvaluateOptions, type Evaluation, evaluateStream } from './evaluate.js';
import { classesOf, type Facts, problemTypeOf } from './format.js';
import { type ImportanceEvent, type ImportanceOptions, measureImportance } from './importance.js';
import { type Predictions, type PredictOptions, predictAll } from './predict.js';
import { type PredictionEvent, type PredictStreamOptions, predictStream } from './predictstream.js';
import { readModel } from './read.js';
import { datasetOf, type Row } from './rows.js';
import { createRunner, type Runner } from './runner.js';
import { uncertaintyAt } from './uncertainty.js';

export type { RelatedColumns } from './associations.js';
export type { EvaluatedUncertainty } from './coverage.js';
export type { Dependence } from './dependence.js';
export type { EvaluateOptions, Evaluation } from './evaluate.js';
export type { Facts } from './format.js';
export type {
  ColumnImportance,
  Importance,
  ImportanceEvent,
  ImportanceOptions,
  MetricIncrease,
} from './importance.js';
export type { ImportanceMetric } from './importancemetrics.js';
export type { PredictionBatch, Predictions, PredictOptions } from './predict.js';
export type { PredictionEvent, PredictStreamOptions } from './predictstream.js';
export type { Row } from './rows.js';
export type { PredictWorkers } from './scorer.js';

/** A trained network with all that is needed to predict from raw rows. */
export interface Model {
  /** The model's file. */
  readonly path: string;
  /** What the model predicts: classes or numbers. */
  readonly task: ProblemType;
  /** Names of the classes by index; null for regression. */
  readonly classes: readonly string[] | null;
  readonly network: NetworkSpec;
  /** How raw columns become the network's inputs, as fitted on the training rows. */
  readonly schema: Schema;
  readonly layers: readonly LayerRow[];
  /** Number of weights and biases, of all members of a bag. */
  readonly parameters: number;
  /** Networks whose predictions are averaged: 1 unless the model is a bag. */
  readonly members: number;
  readonly weightsSha256: string;
  /** Facts about the training. */
  readonly facts: Facts;
  /** How sure the predictions are, as measured on the validation rows; null where there were none. */
  readonly calibration: Calibration | null;
  /**
   * Predicts the rows of a data source or of a table in memory. It needs the columns of the training data, in
   * any order; a target column is not needed.
   *
   * @param options.keep columns to hand on as they are written in the source, or all of them
   * @param options.interval the probability with which the right answer is to lie in each interval, or in
   *   each set of classes; 0.9 for instance
   * @throws DataError for a source that cannot be read or lacks a column, and for a model that was trained
   *   without validation rows, if an interval is asked for
   * @throws UsageError for an interval outside (0, 1), or above what the validation rows support
   * @example
   * ```js
   * import { loadModel, train } from 'gradpool';
   *
   * const { area, price } = { area: [20, 40, 60, 80], price: [200, 400, 600, 800] };
   * const options = { data: { area, price }, target: 'price', val: 0, hidden: [4], epochs: 20 };
   * for await (const event of train(options, { out: 'runs/prices' })) void event;
   *
   * const model = await loadModel('runs/prices');
   * const predictions = await model.predict({ flat: ['A', 'B'], area: [30, 70] }, { keep: ['flat'] });
   * console.log(predictions.rows, predictions.targets, predictions.kept[0].name); // → 2 [ 'price' ] flat
   * for (const { from, predicted } of predictions.batches()) {
   *   console.log(from, predicted.length, typeof predicted[0]); // → 0 2 number
   * }
   * ```
   */
  predict(source: DataSource, options?: PredictOptions): Promise<Predictions>;
  /**
   * Predicts as `predict` does, but reads, predicts and hands out block after block, so that the source may
   * be larger than memory. The predictions have the same bits. The last event has type 'end' and holds the
   * notes.
   *
   * @throws DataError and UsageError as `predict` does, after the blocks before the row that it names
   * @example
   * ```js
   * import { loadModel, train } from 'gradpool';
   *
   * const data = { area: [20, 40, 60, 80], price: [200, 400, 600, 800] };
   * const options = { data, target: 'price', val: 0, hidden: [4], epochs: 20 };
   * for await (const event of train(options, { out: 'runs/rents' })) void event;
   *
   * const model = await loadModel('runs/rents');
   * for await (const event of model.predictStream({ area: [30, 70, 90] })) {
   *   if (event.type === 'rows') console.log(event.from, event.predicted.length); // → 0 3
   *   if (event.type === 'end') console.log(event.rows, event.notes); // → 3 []
   * }
   * ```
   */
  predictStream(source: BlockSource, options?: PredictStreamOptions): AsyncGenerator<PredictionEvent>;
  /**
   * Compares the model's predictions with the targets of a data source or of a table in memory. It is read in
   * blocks, so that it may be larger than memory; of each row the predictions and targets are kept.
   *
   * @throws DataError for a source that cannot be read, lacks a column or has no rows that count
   * @throws UsageError for weights that are no column of the source, and for fewer than 40 resamples
   * @example
   * ```js
   * import { loadModel, train } from 'gradpool';
   *
   * const options = { data: 'iris', hidden: [8], lr: 0.02, epochs: 30 };
   * for await (const event of train(options, { out: 'runs/irises' })) void event;
   *
   * const model = await loadModel('runs/irises');
   * const { scores } = await model.evaluate('iris', { bootstrap: 200 });
   * console.log((scores.rocAuc?.value ?? 0) > 0.9, (scores.rocAuc?.interval?.low ?? 0) > 0.8); // → true true
   * console.log(scores.top3Accuracy?.reason); // → there are only 3 classes
   * ```
   */
  evaluate(source: BlockSource, options?: EvaluateOptions): Promise<Evaluation>;
  /**
   * Measures permutation importance: how much worse a metric becomes on a data source with targets when the
   * values of one raw column are permuted among its rows. The last event has type 'end' and holds the result.
   * The same seed gives the same bits for any number of workers.
   *
   * @throws UsageError for images and for a metric that the model does not allow, DataError as `evaluate`
   * does
   * @example
   * ```js
   * import { loadModel, train } from 'gradpool';
   *
   * const rooms = Array.from({ length: 60 }, (_, row) => row % 6);
   * const data = { rooms, coin: rooms.map((_, row) => (row * 7) % 5), price: rooms.map((n) => 3 * n) };
   * const training = train(
   *   { data, target: 'price', task: 'regression', val: 0, hidden: [8], epochs: 60 },
   *   { out: 'runs/flats' },
   * );
   * for await (const event of training) void event;
   *
   * const model = await loadModel('runs/flats');
   * for await (const event of model.importance(data, { repeats: 5 })) {
   *   if (event.type === 'end') console.log(event.metric, event.columns[0].column); // → rmse rooms
   * }
   * ```
   */
  importance(source: DataSource, options?: ImportanceOptions): AsyncGenerator<ImportanceEvent>;
  /**
   * Computes partial dependence: the mean prediction over the rows of a data source when all of them have the
   * same value in one column, for up to 20 of its values.
   *
   * @throws UsageError for a column that the model does not know, DataError for data that does not fit
   * @example
   * ```js
   * import { loadModel, train } from 'gradpool';
   *
   * const data = { colour: ['red', 'blue', 'red', 'blue'], size: [1, 2, 3, 4], price: [5, 9, 8, 12] };
   * const training = train(
   *   { data, target: 'price', task: 'regression', val: 0, hidden: [4], epochs: 5 },
   *   { out: 'runs/sizes' },
   * );
   * for await (const event of training) void event;
   *
   * const model = await loadModel('runs/sizes');
   * const [size, colour] = await model.dependence(data, ['size', 'colour']);
   * console.log(size.values, size.means.length, size.outputs); // → [ '1', '2', '3', '4' ] 4 [ 'price' ]
   * console.log(colour.values); // → [ 'blue', 'red' ]
   * ```
   */
  dependence(source: DataSource, columns: readonly string[]): Promise<Dependence[]>;
  /**
   * Predicts rows in hand: records by column name for a model of tables, arrays of numbers for one of arrays.
   *
   * @throws DataError naming the row and the column of a value that does not fit; DataError and UsageError
   *   for an interval as `predict` does
   * @example
   * ```js
   * import { loadModel, train } from 'gradpool';
   *
   * const x = Array.from({ length: 200 }, (_, i) => i / 100);
   * const y = x.map((value, i) => value * value + (i % 7) / 10);
   * const options = { data: { x, y }, target: 'y', val: 0.2, hidden: [8], lr: 0.01, epochs: 30, batch: 16 };
   * for await (const event of train(options, { out: 'runs/square' })) void event;
   *
   * const model = await loadModel('runs/square');
   * console.log(model.calibration?.rows); // → 40
   * const [batch] = model.predictRows([{ x: 1 }], { interval: 0.9 }).batches();
   * const [low, high] = batch.intervals ?? [];
   * console.log(low < 1.3 && 1.3 < high); // → true
   * ```
   */
  predictRows(rows: readonly Row[], options?: Pick<PredictOptions, 'interval'>): Predictions;
}

/** Says with what arithmetic a model predicts. */
export interface ModelOptions {
  /** Kernels to compute with; by default the fastest that this machine runs. */
  readonly kernels?: 'auto' | KernelName;
}

/**
 * Loads a trained model, from the folder of a run or from a .safetensors file.
 *
 * @throws DataError when the model is missing, damaged or of an unknown version
 * @example
 * ```js
 * import { loadModel, train } from 'gradpool';
 *
 * const training = train(
 *   { data: 'iris', hidden: [16], optimizer: 'adam', lr: 0.02, epochs: 30 },
 *   { out: 'runs/iris' },
 * );
 * for await (const event of training) void event;
 *
 * const model = await loadModel('runs/iris');
 * console.log(model.task, model.classes?.length, model.parameters); // → classification 3 131
 *
 * const { rows, metrics } = await model.evaluate('iris');
 * console.log(rows, (metrics.accuracy ?? 0) > 0.9); // → 150 true
 *
 * const [flower] = model.predictRows([[5.1, 3.5, 1.4, 0.2]]).batches();
 * console.log(flower.predicted, flower.probabilities?.length); // → [ 'setosa' ] 3
 * ```
 */
export async function loadModel(path: string, { kernels = 'auto' }: ModelOptions = {}): Promise<Model> {
  const model = readModel(path);
  const { file, network, schema, layers, layout, weightsSha256, facts, calibration } = model;
  const members = model.bag?.length ?? 1;
  let runner: Runner | undefined;
  let chosen: ChosenKernels | undefined;
  const choose = () => {
    chosen ??= chooseKernels({ kernels, precision: 'f32' });
    return chosen;
  };
  const ready = () => {
    runner ??= createRunner(model, choose());
    return runner;
  };
  const uncertaintyOf = (level: number | undefined) =>
    level === undefined ? null : uncertaintyAt(model, level);
  return {
    path: file,
    task: problemTypeOf(schema),
    classes: classesOf(schema),
    network,
    schema,
    layers: layerTable(layers),
    parameters: members * layout.count,
    members,
    weightsSha256,
    facts,
    calibration,
    async predict(source, { keep, interval } = {}) {
      const uncertainty = uncertaintyOf(interval);
      const data = await loadWithSchema(source, schema, { needTargets: false, keep });
      return predictAll(model, ready(), { source: sourceName(source), uncertainty, ...data });
    },
    async *predictStream(source, { keep, interval, blockRows, workers = 'auto' } = {}) {
      uncertaintyOf(interval); // refuses a level that cannot be had
      const level = interval ?? null;
      const options = { keep, level, workers, blockRows, chosen: choose(), needTargets: false };
      yield* predictStream(model, ready(), source, options);
    },
    evaluate: async (source, options = {}) => evaluateStream(model, ready(), source, options),
    async *importance(source, options) {
      const data = await loadWithSchema(source, schema, { needTargets: true });
      yield* measureImportance(model, choose(), { source: sourceName(source), ...data }, options);
    },
    async dependence(source, columns) {
      const features = dependenceColumns(schema, columns, file);
      const data = await loadWithSchema(source, schema, { needTargets: false, keep: columns });
      return partialDependence(model, ready(), { source: sourceName(source), ...data }, features);
    },
    predictRows(rows, { interval } = {}) {
      const uncertainty = uncertaintyOf(interval);
      return predictAll(model, ready(), {
        source: 'rows',
        kept: [],
        uncertainty,
        ...datasetOf(rows, schema),
      });
    },
  };
}
