/** Makes instances up, in shared memory, as float32 numbers, as wide as a network asks for. */
import type { Subset } from '../data/dataset.js';
import type { TrainingData } from '../data/load.js';
import { PURPOSE, Stream } from '../random.js';

/** Says how many instances to make, and of what size. */
interface DataSize {
  readonly rows: number;
  readonly inputs: number;
  /** Number of classes. */
  readonly outputs: number;
  readonly seed: number;
}

/**
 * Makes random instances of random classes. Nothing can be learned from them, but a step takes its usual
 * time.
 */
export function randomData(size: DataSize): TrainingData {
  const { rows, inputs, outputs, seed } = size;
  const stream = new Stream(seed, PURPOSE.bench, 1);
  const numbers = new Float32Array(new SharedArrayBuffer(4 * rows * inputs));
  const targets = new Uint16Array(new SharedArrayBuffer(2 * rows));
  for (let i = 0; i < numbers.length; i++) numbers[i] = 2 * stream.uniform() - 1;
  for (let row = 0; row < rows; row++) targets[row] = stream.below(outputs);
  const dataset = datasetOf(size, numbers, targets);
  return trainingData('random', size, { train: rowRange(dataset, 0, rows), test: null });
}

/**
 * Distance from the midpoint between two class centres to either centre, in standard deviations of the noise.
 */
const HALF_DISTANCE = 3.3;

/**
 * Makes a cloud of rows around a random centre for each class. The clouds overlap a little, and the first
 * tenth of the rows is for the test.
 */
export function cloudData(size: DataSize): TrainingData {
  const { rows, inputs, outputs, seed } = size;
  const stream = new Stream(seed, PURPOSE.bench, 2);
  const centres = Float32Array.from({ length: outputs * inputs }, () => 2 * stream.uniform() - 1);
  // Coordinates of centres and noise have one distribution, with standard deviation σ, so two unscaled
  // centres are about σ·√(2·inputs) apart.
  const scale = (2 * HALF_DISTANCE) / Math.sqrt(2 * inputs);
  const numbers = new Float32Array(new SharedArrayBuffer(4 * rows * inputs));
  const targets = new Uint16Array(new SharedArrayBuffer(2 * rows));
  for (let row = 0; row < rows; row++) {
    targets[row] = stream.below(outputs);
    for (let i = 0; i < inputs; i++) {
      const noise = 2 * stream.uniform() - 1;
      numbers[row * inputs + i] = scale * centres[targets[row] * inputs + i] + noise;
    }
  }
  const testRows = Math.floor(rows / 10);
  const dataset = datasetOf(size, numbers, targets);
  return trainingData('clouds', size, {
    train: rowRange(dataset, testRows, rows),
    test: rowRange(dataset, 0, testRows),
  });
}

function datasetOf(
  { rows, inputs }: DataSize,
  numbers: Float32Array<SharedArrayBuffer>,
  targets: Uint16Array<SharedArrayBuffer>,
): Subset['dataset'] {
  const codes = new Uint16Array(new SharedArrayBuffer(0));
  return { rows, numbers, numberWidth: inputs, codes, codeWidth: 0, targets, targetWidth: 1 };
}

/** Takes rows `first … end-1`. */
function rowRange(dataset: Subset['dataset'], first: number, end: number): Subset {
  const rows = new Uint32Array(new SharedArrayBuffer(4 * (end - first)));
  for (let i = 0; i < rows.length; i++) rows[i] = first + i;
  return { dataset, rows };
}

function trainingData(
  name: string,
  { rows, inputs, outputs, seed }: DataSize,
  subsets: Pick<TrainingData, 'train' | 'test'>,
): TrainingData {
  const classes = Array.from({ length: outputs }, (_, index) => `${index}`);
  const identity = { shift: [0], scale: [1] };
  return {
    name,
    ...subsets,
    val: null,
    encoding: { ...identity, cardinalities: [], embeddings: [], targetShift: [], targetScale: [] },
    inputWidth: inputs,
    continuous: inputs,
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
    findings: [],
    fingerprints: { val: null, test: null },
    fingerprint: `${name} ${rows}x${inputs} ${outputs} classes, seed ${seed}`,
  };
}
