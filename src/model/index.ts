/**
 * Saved models: loaded, described, asked for predictions and evaluated, in this process and without a
 * trainer.
 */
import { loadWithSchema } from '../data/load.js';
import type { ProblemType, Schema } from '../data/schema.js';
import { type DataSource, sourceName } from '../data/source.js';
import { chooseKernels } from '../kernels/choose.js';
import type { KernelName } from '../kernels/kernels.js';
import type { NetworkSpec } from '../network/spec.js';
import { type LayerRow, layerTable } from '../network/table.js';
import { type Evaluation, evaluateModel } from './evaluate.js';
import { classesOf, type Facts, problemTypeOf } from './format.js';
import { type Predictions, predictAll } from './predict.js';
import { readModel } from './read.js';
import { datasetOf, type Row } from './rows.js';
import { createRunner, type Runner } from './runner.js';

export type { Evaluation } from './evaluate.js';
export type { Facts } from './format.js';
export type { PredictionBatch, Predictions } from './predict.js';
export type { Row } from './rows.js';

export interface Model {
  /** the model's file */
  readonly path: string;
  readonly task: ProblemType;
  /** by index; null for regression */
  readonly classes: readonly string[] | null;
  readonly network: NetworkSpec;
  readonly schema: Schema;
  readonly layers: readonly LayerRow[];
  readonly parameters: number;
  readonly weightsSha256: string;
  /** about the training */
  readonly facts: Facts;
  /**
   * Of a data source, or a table in memory, with the columns of the training data; a target column is not
   * needed.
   * @param options.keep columns that are handed on as they are written, or all of them
   */
  predict(source: DataSource, options?: { readonly keep?: readonly string[] | 'all' }): Promise<Predictions>;
  /** Of a data source, or a table in memory, with its target. */
  evaluate(source: DataSource): Promise<Evaluation>;
  /** Of rows in hand: records by column name for a model of tables, arrays of numbers for one of arrays. */
  predictRows(rows: readonly Row[]): Predictions;
}

export interface ModelOptions {
  readonly kernels?: 'auto' | KernelName;
}

/**
 * The model of a run's folder or of a .safetensors file. Throws DataError when it is missing, damaged or
 * unknown.
 */
export async function loadModel(path: string, { kernels = 'auto' }: ModelOptions = {}): Promise<Model> {
  const model = readModel(path);
  const { file, network, schema, layers, layout, weightsSha256, facts } = model;
  let runner: Runner | undefined;
  const ready = () => {
    runner ??= createRunner(model, chooseKernels({ kernels, precision: 'f32' }));
    return runner;
  };
  return {
    path: file,
    task: problemTypeOf(schema),
    classes: classesOf(schema),
    network,
    schema,
    layers: layerTable(layers),
    parameters: layout.count,
    weightsSha256,
    facts,
    async predict(source, { keep } = {}) {
      const data = await loadWithSchema(source, schema, { needTargets: false, keep });
      return predictAll(model, ready(), { source: sourceName(source), ...data });
    },
    async evaluate(source) {
      const data = await loadWithSchema(source, schema, { needTargets: true });
      return evaluateModel(model, ready(), { source: sourceName(source), ...data });
    },
    predictRows: (rows) =>
      predictAll(model, ready(), { source: 'rows', kept: [], ...datasetOf(rows, schema) }),
  };
}
