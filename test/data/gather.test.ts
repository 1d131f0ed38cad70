import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Dataset, Encoding, StoredArray } from '#src/data/dataset.js';
import { inputWidth } from '#src/data/dataset.js';
import { allocate } from '#src/data/elements.js';
import { gather } from '#src/data/gather.js';
import { prepareEncoding } from '#src/data/preparedencoding.js';
import type { Kernels } from '#src/kernels/kernels.js';
import { createReferenceKernels } from '#src/kernels/reference/index.js';

/** Gathers a batch by the definition, one value at a time. */
function naive(dataset: Dataset, encoding: Encoding, row: number): { x: number[]; d: number[] } {
  const x = Array.from({ length: dataset.numberWidth }, (_, j) => {
    const column = encoding.shift.length === 1 ? 0 : j;
    const value = dataset.numbers[row * dataset.numberWidth + j];
    const z = (value - encoding.shift[column]) * encoding.scale[column];
    return encoding.clip?.[encoding.clip.length === 1 ? 0 : j] ? z / Math.sqrt(1 + (z / 3) ** 2) : z;
  });
  encoding.cardinalities.forEach((cardinality, c) => {
    const code = dataset.codes[row * dataset.codeWidth + c];
    if (encoding.embeddings[c] > 0) return;
    for (let slot = 0; slot < cardinality; slot++) x.push(slot === code ? 1 : 0);
  });
  encoding.embeddings.forEach((size, c) => {
    if (size > 0) x.push(dataset.codes[row * dataset.codeWidth + c]);
  });
  const d = Array.from({ length: dataset.targetWidth }, (_, j) => {
    const value = dataset.targets[row * dataset.targetWidth + j];
    return encoding.targetShift.length === 0
      ? value
      : (value - encoding.targetShift[j]) * encoding.targetScale[j];
  });
  return { x, d };
}

const fill = (array: StoredArray, draws: readonly number[]) => {
  for (let i = 0; i < array.length; i++) array[i] = draws[i % draws.length];
  return array;
};

const scenario = fc.record({
  type: fc.constantFrom('u8', 'i8', 'u16', 'i16', 'i32', 'f32', 'f64'),
  rows: fc.integer({ min: 1, max: 9 }),
  numberWidth: fc.integer({ min: 0, max: 9 }),
  uniform: fc.boolean(),
  cardinalities: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
  targets: fc.constantFrom('none', 'classes', 'values'),
  draws: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 40 }),
  scales: fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 5 }),
  picks: fc.array(fc.nat(1000), { minLength: 1, maxLength: 12 }),
  cut: fc.nat(11),
  embedded: fc.nat(7),
  clip: fc.array(fc.boolean(), { minLength: 0, maxLength: 3 }),
});

/** Gathers rows as kernels do that have a faster way. */
const gatherRows: NonNullable<Kernels['gatherRows']> = (x, numbers, K, rows, from, to, shift, scale) => {
  for (let i = 0; i < (to - from) * K; i++) {
    const value = numbers[rows[from + Math.floor(i / K)] * K + (i % K)];
    x[i] = numbers instanceof Uint8Array ? (value - shift) * scale : value;
  }
  return true;
};

it('a gathered batch is the definition, rounded once', () => {
  fc.assert(
    fc.property(scenario, (s) => {
      const many = (length: number, offset = 0) =>
        Array.from({ length }, (_, i) => s.scales[(i + offset) % s.scales.length]);
      const targetWidth = { none: 0, classes: 1, values: 2 }[s.targets];
      const clip = Array.from({ length: s.uniform ? 1 : s.numberWidth }, (_, j) => s.clip[j % s.clip.length]);
      const encoding: Encoding = {
        ...(s.clip.length > 0 ? { clip } : {}),
        shift: many(s.uniform ? 1 : s.numberWidth, 1),
        scale: many(s.uniform ? 1 : s.numberWidth),
        cardinalities: s.cardinalities,
        embeddings: s.cardinalities.map((_, c) => (s.embedded >> c) & 1),
        targetShift: s.targets === 'values' ? many(2) : [],
        targetScale: s.targets === 'values' ? many(2, 1) : [],
      };
      const codes = allocate('u16', s.rows * s.cardinalities.length) as Uint16Array<SharedArrayBuffer>;
      for (let i = 0; i < codes.length; i++) codes[i] = s.draws[i % s.draws.length] % 6; // up to unseen ones
      const dataset: Dataset = {
        rows: s.rows,
        numbers: fill(allocate(s.type, s.rows * s.numberWidth), s.draws),
        numberWidth: s.numberWidth,
        codes,
        codeWidth: s.cardinalities.length,
        targets: fill(allocate(s.targets === 'classes' ? 'u8' : 'f64', s.rows * targetWidth), s.draws),
        targetWidth,
      };
      const rows = Uint32Array.from(s.picks, (pick) => pick % s.rows);
      const from = Math.min(s.cut, rows.length - 1);
      const width = inputWidth(encoding, s.numberWidth);
      const x = new Float32Array((rows.length - from) * width).fill(Number.NaN);
      const d = new Float32Array((rows.length - from) * targetWidth).fill(Number.NaN);
      gather(x, d, dataset, prepareEncoding(encoding), rows, from, rows.length);
      const expected = Array.from(rows.subarray(from), (row) => naive(dataset, encoding, row));
      expect(x).toEqual(Float32Array.from(expected.flatMap((row) => row.x)));
      expect(d).toEqual(Float32Array.from(expected.flatMap((row) => row.d)));
      const reference = createReferenceKernels();
      for (const kernels of [reference, { ...reference, gatherRows }]) {
        const again = { x: new Float32Array(x.length).fill(Number.NaN), d: new Float32Array(d.length) };
        gather(again.x, again.d, dataset, prepareEncoding(encoding), rows, from, rows.length, kernels);
        expect(again).toEqual({ x, d });
      }
    }),
    { numRuns: 500 },
  );
});

it('without d the targets are left alone', () => {
  const dataset: Dataset = {
    rows: 1,
    numbers: fill(allocate('f32', 1), [3]),
    numberWidth: 1,
    codes: allocate('u16', 0) as Uint16Array<SharedArrayBuffer>,
    codeWidth: 0,
    targets: allocate('u8', 0),
    targetWidth: 0,
  };
  const encoding = prepareEncoding({
    shift: [1],
    scale: [2],
    cardinalities: [],
    embeddings: [],
    targetShift: [],
    targetScale: [],
  });
  const x = new Float64Array(1);
  gather(x, null, dataset, encoding, Uint32Array.of(0), 0, 1);
  expect(x[0]).toBe(4);
});
