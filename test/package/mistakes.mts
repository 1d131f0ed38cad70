/** Mistakes that the compiler must find: each line below a directive is one, and a directive too many is an error. */
import { loadModel, plan, resume, type TrainEvent, type TrainOptions, train } from 'gradpool';

const data = 'iris';

export const options: readonly TrainOptions[] = [
  // @ts-expect-error
  {},
  // @ts-expect-error
  { data, optimizer: 'adm' },
  // @ts-expect-error
  { data, activation: 'rleu' },
  // @ts-expect-error
  { data, hidden: ['a'] },
  // @ts-expect-error
  { data, hiden: [3] },
  // @ts-expect-error
  { data, lr: '0.1' },
  // @ts-expect-error
  { data, batch: 'most' },
  // @ts-expect-error
  { data, loss: 'mse' },
  // @ts-expect-error
  { data, kernels: 'gpu' },
  // @ts-expect-error
  { data, decimal: ';' },
  // @ts-expect-error
  { data: 3 },
  // @ts-expect-error
  { data: [1, 2, 3] },
  // @ts-expect-error
  { data, layers: [{ dens: 3 }] },
  // @ts-expect-error
  { data, layers: ['dens'] },
  // @ts-expect-error
  { data, layers: ['dense'] },
  // @ts-expect-error
  { data, layers: [{ dense: '3' }] },
  // @ts-expect-error
  { data, layers: [{ dense: { unit: 3 } }] },
  // @ts-expect-error
  { data, layers: [{ leakyRelu: { slop: 0.1 } }] },
  // @ts-expect-error
  { data, layers: [{ softmax: {} }] },
  // @ts-expect-error
  { data, layers: [{ residual: [{ dens: 3 }] }] },
  // @ts-expect-error
  { data, layers: [{ concat: [[{ dense: 3 }], 'relu'] }] },
  // @ts-expect-error
  { data, layers: [{ threshold: 'none at all' }] },
];

// @ts-expect-error
export const misspelt = train({ data }, { output: null });
// @ts-expect-error
export const unknownResume = resume('runs/x', { seed: 3 });
// @ts-expect-error
export const unknownKernels = loadModel('runs/x', { kernels: 'cuda' });

export async function readers(event: TrainEvent): Promise<void> {
  // @ts-expect-error
  event.widths.toUpperCase();
  // @ts-expect-error
  if (event.type === 'finished') return;
  const planned = await plan({ data });
  // @ts-expect-error
  planned.parameters = 3;
  const model = await loadModel('runs/x');
  // @ts-expect-error
  model.classes.length.toFixed();
  // @ts-expect-error
  model.predict({ area: [{}] });
}
