/** A program as a careful user writes it: strict, without the DOM library, naming the types that it is handed. */
import {
  type BenchReport,
  bench,
  DataError,
  type DataSource,
  type Evaluation,
  type Explanation,
  explain,
  findLearningRate,
  type GradcheckReport,
  gradcheck,
  gradcheckNetwork,
  type LayerRow,
  type LayerSpec,
  loadModel,
  loadTrainingData,
  type Metrics,
  type Model,
  type NetworkReport,
  openSubject,
  type PlanReport,
  type PredictionBatch,
  type Predictions,
  plan,
  type RateSearch,
  type ResumeOptions,
  type Row,
  type RunOptions,
  resolveConfig,
  resume,
  type Schema,
  type Subject,
  type TrainConfig,
  type TrainEvent,
  type TrainingData,
  type TrainOptions,
  type TrainResult,
  train,
  UserError,
} from 'gradpool';

export const layers: readonly LayerSpec[] = [
  { dense: 32 },
  'relu',
  { batchNorm: {} },
  { dropout: 0.2 },
  { residual: [{ dense: 32 }, { leakyRelu: 0.1 }, { dense: { units: 32, bias: false } }] },
  { concat: [[{ dense: 4 }, 'tanh'], [{ maxout: { units: 4, pieces: 2 } }]] },
  { product: { exponents: [[1, 2, 0, 0]] } },
  'glu',
  { threshold: 'straightThrough' },
  { groupMax: 3 },
  { add: [['relu'], ['identity', { celu: 2 }]] },
  { dense: 3 },
  'softmax',
];
export const deep: TrainOptions = { data: 'iris', layers, optimizer: 'adamw', lr: 1e-3 };
export const wide: TrainOptions = { data: 'iris', hidden: [64, 32], activation: 'gelu', batch: 'all' };
const rows: DataSource = [
  { area: 20, sold: new Date(0), city: 'Bern', price: 100 },
  { area: 30, sold: new Date(1), city: null, price: 150 },
];
export const table: TrainOptions = { data: rows, target: 'price', val: 0.2, decimal: { price: ',' } };
export const signal: RunOptions = { out: null, signal: AbortSignal.timeout(1000) };
export const longer: ResumeOptions = { epochs: 20, workers: 'auto', data: rows };

export async function accuracy(options: TrainOptions): Promise<number> {
  let result: TrainResult | undefined;
  for await (const event of train(options, signal)) {
    if (event.type === 'end') result = event;
    else report(event);
  }
  return result?.test?.accuracy ?? Number.NaN;
}

function report(event: TrainEvent): void {
  switch (event.type) {
    case 'start':
      console.log(event.widths, event.rows.train, event.config.batch);
      break;
    case 'epoch': {
      const { loss, rmse = 0 }: Metrics = event.val ?? event.train;
      console.log(event.epoch, loss.toFixed(3), rmse.toFixed(3), event.best);
      break;
    }
    case 'workers':
      console.log(event.workers, event.why);
  }
}

export async function all(folder: string): Promise<void> {
  for await (const event of resume(folder, longer)) report(event);
  const planned: PlanReport = await plan(wide);
  const table: readonly LayerRow[] = planned.layers;
  const search: RateSearch = await findLearningRate(deep, { from: 1e-5 });
  const model: Model = await loadModel(folder, { kernels: 'portable' });
  const schema: Schema = model.schema;
  const evaluation: Evaluation = await model.evaluate('iris');
  const given: readonly Row[] = [{ area: 20 }, Float32Array.of(1, 2, 3, 4)];
  const predictions: Predictions = model.predictRows(given);
  const batches: PredictionBatch[] = [...predictions.batches()];
  const subject: Subject = await openSubject({ path: folder, row: 3 });
  const explanation: Explanation = explain(subject, { perturb: 'x1=1e-3' });
  const checked: GradcheckReport = gradcheck();
  const own: NetworkReport = gradcheckNetwork(subject);
  const config: TrainConfig = resolveConfig(table.length > 0 ? deep : wide);
  const data: TrainingData = await loadTrainingData(config);
  let measured: BenchReport | undefined;
  for await (const event of bench({ parts: ['strong'], seconds: 1 })) {
    if (event.type === 'end') measured = event.report;
  }
  console.log(
    schema.kind === 'table' ? schema.columns.map((column) => column.name) : schema.shape,
    [search.suggestion, evaluation.r2, evaluation.confusion?.[0][1], batches[0].probabilities?.[0]],
    [explanation.trace.layers.length, checked.failures, own.parameters[0].name, data.train.rows.length],
    [measured?.strong?.points[0].speedup?.low, measured?.machine.cpu],
  );
}

export function exitCode(error: unknown): number {
  if (error instanceof DataError) return 3;
  return error instanceof UserError ? error.exitCode : 1;
}
