import type { TrainingData } from '#src/data/load.js';
import { Stream } from '#src/random.js';

export interface SyntheticOptions {
  readonly rows: number;
  readonly inputs: number;
  /** Number of classes; 0 for a regression on one value. */
  readonly classes: number;
  readonly val?: number;
  readonly test?: number;
  readonly seed?: number;
  /** Whether the numbers are stored as bytes, as pixels are. */
  readonly bytes?: boolean;
}

/** Makes random instances whose target depends on them, as training data in shared memory. */
export function syntheticData(options: SyntheticOptions): TrainingData {
  const { rows, inputs, classes, val = 0, test = 0, seed = 1, bytes = false } = options;
  const total = rows + val + test;
  const stream = new Stream(seed, 99, 0);
  const numbers = bytes
    ? new Uint8Array(new SharedArrayBuffer(total * inputs))
    : new Float32Array(new SharedArrayBuffer(4 * total * inputs));
  const targets = new Float32Array(new SharedArrayBuffer(4 * total));
  for (let row = 0; row < total; row++) {
    let sum = 0;
    for (let j = 0; j < inputs; j++) {
      const value = 2 * stream.uniform() - 1;
      numbers[row * inputs + j] = bytes ? 127.5 * (value + 1) : value;
      sum += (j % 2 === 0 ? 1 : -1) * value * value;
    }
    targets[row] = classes > 0 ? Math.min(classes - 1, Math.floor((Math.abs(sum) * classes) % classes)) : sum;
  }
  const codes = new Uint16Array(new SharedArrayBuffer(0));
  const dataset = { rows: total, numbers, numberWidth: inputs, codes, codeWidth: 0, targets, targetWidth: 1 };
  const subset = (from: number, to: number) => {
    const chosen = new Uint32Array(new SharedArrayBuffer(4 * (to - from)));
    for (let i = from; i < to; i++) chosen[i - from] = i;
    return { dataset, rows: chosen };
  };
  const values = { targetShift: classes > 0 ? [] : [0.1], targetScale: classes > 0 ? [] : [0.5] };
  const names = Array.from({ length: classes }, (_, c) => `class ${c}`);
  const scaling = bytes ? { shift: [127.5], scale: [1 / 127.5] } : { shift: [0], scale: [1] };
  return {
    name: 'synthetic',
    train: subset(0, rows),
    val: val > 0 ? subset(rows, rows + val) : null,
    test: test > 0 ? subset(rows + val, total) : null,
    encoding: { ...scaling, cardinalities: [], embeddings: [], ...values },
    inputWidth: inputs,
    continuous: inputs,
    schema: {
      kind: 'arrays',
      type: bytes ? 'u8' : 'f32',
      shape: [inputs],
      ...scaling,
      target:
        classes > 0
          ? { kind: 'classes', name: 'class', type: 'text', classes: names }
          : { kind: 'values', names: ['value'], type: 'number', shift: [0.1], scale: [0.5] },
    },
    task: classes > 0 ? 'classification' : 'regression',
    classes: classes > 0 ? names : null,
    outputs: classes || 1,
    notes: [],
    findings: [],
    fingerprints: { val: null, test: null },
    fingerprint: `synthetic ${JSON.stringify(options)}`,
  };
}
