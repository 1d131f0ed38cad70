/**
 * Every layer kind against finite differences in float64, in training mode, with several shards in one pass.
 */
import { describe, expect, it } from 'vitest';
import { oneShard } from '#src/kernels/kernels.js';
import { createReferenceKernels } from '#src/kernels/reference/index.js';
import { parameterLayout } from '#src/network/layout.js';
import { backward, bind, forward } from '#src/network/network.js';
import { buildLayers, type LayerSpec } from '#src/network/spec.js';
import { Stream } from '#src/random.js';
import { gradcheck, TOLERANCE } from '../support/gradcheck.js';

const kernels = createReferenceKernels();
const ROWS = 7;
const BOUNDS = new Int32Array([0, 3, 5, 7]);
const INPUTS = 6;

/** Networks that hold each layer kind between learned layers, so that every derivative is passed through. */
const NETWORKS: Record<string, readonly LayerSpec[]> = {
  dense: [{ dense: 5 }, 'tanh', { dense: { units: 3, bias: false } }],
  prelu: [{ dense: 5 }, 'prelu', { dense: 3 }],
  'prelu perUnit': [{ dense: 5 }, { prelu: { perUnit: true } }, { dense: 3 }],
  rrelu: [{ dense: 5 }, 'rrelu', { dense: 3 }],
  dropout: [{ dense: 8 }, { dropout: 0.4 }, { dense: 3 }],
  noise: [{ dense: 5 }, { noise: 0.3 }, 'tanh', { dense: 3 }],
  batchNorm: [{ dense: 5 }, 'batchNorm', 'tanh', { dense: 3 }],
  layerNorm: [{ dense: 5 }, 'layerNorm', { dense: 3 }],
  'layerNorm plain': [{ dense: 5 }, { layerNorm: { affine: false } }, { dense: 3 }],
  l2Norm: [{ dense: 5 }, 'l2Norm', { dense: 3 }],
  glu: [{ dense: 6 }, 'glu', { dense: 2 }],
  swiglu: [{ dense: 6 }, 'swiglu', { dense: 2 }],
  geglu: [{ dense: 6 }, 'geglu', { dense: 2 }],
  reglu: [{ dense: 6 }, 'reglu', { dense: 2 }],
  bilinear: [{ dense: 6 }, 'bilinear', { dense: 2 }],
  'dense ntk': [{ dense: { units: 5, ntk: true } }, 'tanh', { dense: { units: 3, ntk: true } }],
  parametric: [{ dense: 5 }, { parametric: 'mish' }, { dense: 3 }],
  scale: [{ dense: 5 }, { scale: { rate: 6 } }, 'tanh', { dense: 3 }],
  periodic: [{ dense: 5 }, { periodic: { columns: 5, deviation: 1 } }, { dense: 3 }],
  'periodic, then further inputs': [
    { dense: 5 },
    { periodic: { columns: 3, frequencies: 5, outputs: 2, deviation: 0.5 } },
    { dense: 3 },
  ],
  groupMax: [{ dense: 6 }, { groupMax: 3 }, { dense: 3 }],
  'groupMax overlapping': [{ dense: 5 }, { groupMax: { groups: [[0, 1, 2], [1, 4], [3]] } }, { dense: 3 }],
  maxout: [{ maxout: { units: 4, pieces: 3 } }, { dense: 3 }],
  'product learned': [{ dense: 4 }, 'sigmoid', { product: 3 }, { dense: 3 }],
  'product given': [
    { dense: 3 },
    {
      product: {
        exponents: [
          [1, 2, 0],
          [0, 1, 1],
        ],
      },
    },
    { dense: 3 },
  ],
  'product fractional': [{ dense: 2 }, 'sigmoid', { product: { exponents: [[0.5, -1.5]] } }, { dense: 3 }],
  residual: [{ dense: 5 }, { residual: [{ dense: 4 }, 'tanh', { dense: 5 }] }, { dense: 3 }],
  'residual first': [{ residual: ['tanh', { dense: 6 }] }, { dense: 3 }],
  add: [{ dense: 4 }, { add: [[{ dense: 5 }, 'tanh'], [{ dense: 5 }]] }, { dense: 3 }],
  multiply: [
    { dense: 4 },
    { multiply: [[{ dense: 5 }], [{ dense: 5 }, 'sigmoid'], [{ dense: 5 }]] },
    { dense: 3 },
  ],
  concat: [{ dense: 4 }, { concat: [['identity'], [{ dense: 2 }, 'tanh'], [{ dense: 3 }]] }, { dense: 3 }],
  nested: [
    { dense: 4 },
    { residual: [{ concat: [[{ dense: 2 }], ['batchNorm', { dense: 2 }]] }, 'tanh'] },
    { dense: 3 },
  ],
  softmax: [{ dense: 5 }, 'softmax', { dense: 3 }],
};

function build(specs: readonly LayerSpec[], inputs = INPUTS) {
  const layers = buildLayers(specs, inputs);
  const layout = parameterLayout(layers);
  const parameters = new Float64Array(layout.length);
  const gradients = [0, 1, 2].map(() => new Float64Array(layout.length));
  const network = bind(layers, ROWS, {
    layout,
    parameters,
    gradients,
    allocate: (length) => new Float64Array(length),
  });
  const stream = new Stream(3, 90, 0);
  for (const { spec, offset, length } of layout.views) {
    for (let i = 0; i < length; i++) {
      const constant = 'constant' in spec.init ? spec.init.constant : 0;
      parameters[offset + i] = constant + (spec.statistic ? 0 : stream.uniform() - 0.5);
    }
  }
  for (let i = 0; i < ROWS * inputs; i++) network.input[i] = 2 * stream.uniform() - 1;
  const outputs = layers[layers.length - 1].outputs;
  const desired = Float64Array.from({ length: ROWS * outputs }, () => stream.uniform());
  const pass = {
    kernels,
    rows: ROWS,
    shards: { bounds: BOUNDS, first: 0, last: 3 },
    subtrees: [
      { block: 0, bounds: BOUNDS, first: 0, last: 2 },
      { block: 2, bounds: BOUNDS, first: 2, last: 3 },
    ],
    mode: 'start' as const,
    training: true,
    key: new Uint32Array([1, 2]),
    firstRow: 0,
  };
  const losses = new Float64Array(ROWS);
  const loss = () => {
    forward(pass, network);
    const { output, outputGradient } = network;
    kernels.divergence('squaredError', losses, outputGradient, output, desired, ROWS, outputs, 0);
    return losses.reduce((sum, value) => sum + value, 0);
  };
  const gradient = () => {
    loss();
    backward(pass, network);
    return gradients[0].map((value, i) => value + gradients[2][i]);
  };
  return { layers, layout, parameters, network, pass, loss, gradient };
}

describe('the gradient of', () => {
  it.each(Object.entries(NETWORKS))('%s agrees with central differences', (_, specs) => {
    const network = build(specs);
    const gradient = network.gradient();
    expect(gradcheck({ ...network, gradient }).error).toBeLessThan(TOLERANCE);
    expect(gradient.some((value) => Math.abs(value) > 1e-3)).toBe(true);
  });

  it('embedding agrees with central differences', () => {
    const columns = [
      { categories: 3, size: 2 },
      { categories: 2, size: 3 },
    ];
    const network = build([{ embedding: columns }, { dense: 3 }, 'tanh'], 4);
    for (let r = 0; r < ROWS; r++) network.network.input.set([r % 3, r % 2], 4 * r + 2);
    expect(gradcheck({ ...network, gradient: network.gradient() }).error).toBeLessThan(TOLERANCE);
  });

  it('a wrong derivative is caught', () => {
    const network = build(NETWORKS.layerNorm);
    const gradient = network.gradient().map((value, i) => (i === 0 ? 1.001 * value : value));
    expect(gradcheck({ ...network, gradient }).error).toBeGreaterThan(TOLERANCE);
  });
});

describe('gradient blocks', () => {
  /** Σ of each shard's rows in order, then the binary tree over the shards, in float32 as training has it. */
  it.each([1, 2, 3, 5, 8])(
    'an embedding leaves the sum of %d shards in the block of their subtree alone',
    (S) => {
      const [columns, rows] = [
        [
          { categories: 4, size: 3 },
          { categories: 40, size: 1 },
        ],
        5 * S,
      ];
      const layers = buildLayers([{ embedding: columns }], 3);
      const layout = parameterLayout(layers);
      const gradients = Array.from({ length: S + 1 }, () => new Float32Array(layout.length).fill(7));
      const allocate = (length: number) => new Float32Array(length);
      const bound = bind(layers, rows, { layout, parameters: allocate(layout.length), gradients, allocate });
      const stream = new Stream(4, 90, S);
      for (let i = 0; i < bound.outputGradient.length; i++) bound.outputGradient[i] = stream.uniform() - 0.5;
      for (let r = 0; r < rows; r++) bound.input.set([1, stream.below(5), stream.below(50)], 3 * r);
      const bounds = Int32Array.from({ length: S + 1 }, (_, shard) => 5 * shard);
      const subtree = { block: 1, bounds, first: 0, last: S };
      const pass = {
        kernels,
        rows,
        shards: subtree,
        subtrees: [subtree],
        mode: 'start' as const,
        training: true,
        key: new Uint32Array(2),
        firstRow: 0,
      };
      backward(pass, bound);
      layout.views.forEach(({ offset, length, spec: { shape } }, c) => {
        const size = shape[1];
        const expected = Array.from({ length }, (_, i) => {
          const parts = Array.from({ length: S }, (_, shard) => {
            let sum = 0;
            for (let r = 5 * shard; r < 5 * shard + 5; r++) {
              if (bound.input[3 * r + 1 + c] !== Math.floor(i / size)) continue;
              sum = Math.fround(sum + bound.outputGradient[5 * r + (c === 0 ? 1 : 4) + (i % size)]);
            }
            return sum;
          });
          for (let stride = 1; stride < S; stride *= 2) {
            for (let j = 0; j + stride < S; j += 2 * stride)
              parts[j] = Math.fround(parts[j] + parts[j + stride]);
          }
          return parts[0];
        });
        expect([...gradients[1].subarray(offset, offset + length)]).toEqual(expected);
      });
      for (const [block, gradient] of gradients.entries()) {
        if (block !== 1) expect(gradient.every((value) => value === 7)).toBe(true);
      }
    },
  );
});

describe('special cases', () => {
  const run = (specs: readonly LayerSpec[], row: readonly number[]) => {
    const layers = buildLayers(specs, row.length);
    const layout = parameterLayout(layers);
    const gradients = [new Float64Array(layout.length)];
    const network = bind(layers, 1, {
      layout,
      parameters: new Float64Array(layout.length),
      gradients,
      allocate: (length) => new Float64Array(length),
    });
    network.input.set(row);
    const dx = new Float64Array(row.length);
    const pass = {
      kernels,
      rows: 1,
      shards: oneShard(1),
      subtrees: [],
      mode: 'start' as const,
      training: true,
      key: new Uint32Array(2),
      firstRow: 0,
    };
    forward(pass, network);
    network.outputGradient.fill(1);
    for (let k = layers.length - 1; k >= 0; k--) {
      layers[k].backward(pass, k === 0 ? { ...network.arrays[0], dx } : network.arrays[k]);
    }
    return { y: [...network.output], dx: [...dx] };
  };

  it('a product is exact at zero', () => {
    expect(run([{ product: { exponents: [[1, 1, 1]] } }], [0, 3, 5])).toEqual({ y: [0], dx: [15, 0, 0] });
    expect(run([{ product: { exponents: [[2, 1, 0]] } }], [0, 0, 5])).toEqual({ y: [0], dx: [0, 0, 0] });
  });

  it('a fractional power of zero or less is not a number', () => {
    expect(run([{ product: { exponents: [[0.5]] } }], [-1]).y).toEqual([Number.NaN]);
    expect(run([{ product: { exponents: [[0.5]] } }], [4]).y[0]).toBeCloseTo(2, 14);
  });

  it('a tie of maxima goes to the lowest index', () => {
    expect(run([{ groupMax: 3 }], [2, 2, 1])).toEqual({ y: [2], dx: [1, 0, 0] });
  });

  it('the l2 norm of a zero row is zero', () => {
    expect(run(['l2Norm'], [0, 0]).y).toEqual([0, 0]);
  });
});

describe('a list of layers that does not fit', () => {
  it.each([
    [[{ residual: [{ dense: 4 }] }], /layers\[0\] \(residual\): x has 6 values and F\(x\) 4/],
    [[{ dense: 5 }, 'swiglu'], /layers\[1\] \(swiglu\): splits its input in two halves, but the input has 5/],
    [[{ groupMax: 4 }], /6 inputs do not divide into groups of 4/],
    [[{ add: [[{ dense: 2 }], [{ dense: 3 }]] }], /the branches end in 2 and 3 values/],
    [
      [{ residual: [{ dens: 6 }] }],
      /layers\[0\] \(residual\)\[0\]: unknown layer 'dens', did you mean 'dense'\?/,
    ],
    [[{ dropout: 1 }], /layers\[0\] \(dropout\): p: must be less than 1, found 1/],
    [[{ dense: { units: 3, biass: false } }], /unknown key 'biass', did you mean 'bias'\?/],
    [[{ maxout: { units: 3, pieces: 1 } }], /pieces: must be at least 2, found 1/],
    [[{ product: { exponents: [[1, 2]] } }], /exponents need 6 numbers a row, one for each input, found 2/],
    [[{ dense: 0 }], /units: must be at least 1, found 0/],
    [[], /expected a list of layers/],
    [[{}], /expected one kind such as \{dense: 128\}/],
  ] as [LayerSpec[], RegExp][])('%j is refused by name', (specs, message) => {
    expect(() => buildLayers(specs, INPUTS)).toThrow(message);
  });
});
