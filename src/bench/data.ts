/** Made-up instances in shared memory, float32, as wide as a network asks for. */
import type { Subset } from '../data/dataset.js';
import type { TrainingData } from '../data/load.js';
import { PURPOSE, Stream } from '../random.js';

export interface Shape {
  readonly rows: number;
  readonly inputs: number;
  /** classes */
  readonly outputs: number;
  readonly seed: number;
}

/** Random instances of random classes: nothing can be learned from them, a step takes its time. */
export function randomData(shape: Shape): TrainingData {
  const { rows, inputs, outputs, seed } = shape;
  const stream = new Stream(seed, PURPOSE.bench, 1);
  const numbers = new Float32Array(new SharedArrayBuffer(4 * rows * inputs));
  const targets = new Uint16Array(new SharedArrayBuffer(2 * rows));
  for (let i = 0; i < numbers.length; i++) numbers[i] = 2 * stream.uniform() - 1;
  for (let row = 0; row < rows; row++) targets[row] = stream.below(outputs);
  return made('random', shape, subset(shape, numbers, targets, 0, rows), null);
}

/** Standard deviations of the noise between the midpoint of two classes and either of them. */
const DISTANCE = 3.3;

/** Clouds around a random centre for each class, a little overlapping: a tenth of the rows is for the test. */
export function cloudData(shape: Shape): TrainingData {
  const { rows, inputs, outputs, seed } = shape;
  const stream = new Stream(seed, PURPOSE.bench, 2);
  const centres = Float32Array.from({ length: outputs * inputs }, () => 2 * stream.uniform() - 1);
  const scale = (2 * DISTANCE) / Math.sqrt(2 * inputs); // centres and noise have the same distribution
  const numbers = new Float32Array(new SharedArrayBuffer(4 * rows * inputs));
  const targets = new Uint16Array(new SharedArrayBuffer(2 * rows));
  for (let row = 0; row < rows; row++) {
    targets[row] = stream.below(outputs);
    for (let i = 0; i < inputs; i++) {
      const noise = 2 * stream.uniform() - 1;
      numbers[row * inputs + i] = scale * centres[targets[row] * inputs + i] + noise;
    }
  }
  const kept = Math.floor(rows / 10);
  return made(
    'clouds',
    shape,
    subset(shape, numbers, targets, kept, rows),
    subset(shape, numbers, targets, 0, kept),
  );
}

/** Rows `first … last-1`. */
function subset(
  { rows, inputs }: Shape,
  numbers: Float32Array<SharedArrayBuffer>,
  targets: Uint16Array<SharedArrayBuffer>,
  first: number,
  last: number,
): Subset {
  const chosen = new Uint32Array(new SharedArrayBuffer(4 * (last - first)));
  for (let i = 0; i < chosen.length; i++) chosen[i] = first + i;
  const codes = new Uint16Array(new SharedArrayBuffer(0));
  return {
    dataset: { rows, numbers, numberWidth: inputs, codes, codeWidth: 0, targets, targetWidth: 1 },
    rows: chosen,
  };
}

function made(
  name: string,
  { rows, inputs, outputs, seed }: Shape,
  train: Subset,
  test: Subset | null,
): TrainingData {
  const classes = Array.from({ length: outputs }, (_, index) => `${index}`);
  const identity = { shift: [0], scale: [1] };
  return {
    name,
    train,
    val: null,
    test,
    encoding: { ...identity, cardinalities: [], embeddings: [], targetShift: [], targetScale: [] },
    inputWidth: inputs,
    schema: {
      kind: 'arrays',
      type: 'f32',
      shape: [inputs],
      ...identity,
      target: { kind: 'classes', name: 'class', type: 'number', classes },
    },
    task: 'classification',
    classes,
    outputs,
    notes: [],
    fingerprints: { val: null, test: null },
    fingerprint: `${name} ${rows}x${inputs} ${outputs} classes, seed ${seed}`,
  };
}
