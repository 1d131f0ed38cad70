/** A pass that is replayed leaves the bits that it leaves layer by layer. */
import { expect, it } from 'vitest';
import type { FloatArray, Kernels } from '#src/kernels/kernels.js';
import type { UncheckedLayer } from '#src/network/kind.js';
import { replayed } from '#src/network/replayed.js';
import { backward, forward } from '#src/network/sequence.js';
import { machineSets, numbers } from '../kernels/implementations.js';
import { testNetwork } from '../support/network.js';

const [ROWS, INPUTS] = [9, 5];

/** Returns the two passes of a network, which tell what they have seen of the gradients. */
function passes(layers: readonly UncheckedLayer[], run: Parameters<typeof replayed>[0][]) {
  let products = 0;
  const counting = (kernels: Kernels): Kernels => {
    const counted =
      <Operands extends unknown[], Result>(product: (...operands: Operands) => Result) =>
      (...operands: Operands) => {
        products++;
        return product(...operands);
      };
    return {
      ...kernels,
      affine: counted(kernels.affine),
      rectifiedAffine: counted(kernels.rectifiedAffine),
      affineWeightGradient: counted(kernels.affineWeightGradient),
    };
  };
  const options = { layers, inputs: INPUTS, loss: 'squaredError', rows: ROWS, together: true } as const;
  const network = testNetwork({ ...options, arithmetic: 'jit', kernels: counting });
  const bounds = Int32Array.of(0, 4, ROWS);
  const shards = { bounds, first: 0, last: 2 };
  const { bound, parameters, gradient, kernels } = network;
  const pass = {
    ...{ kernels, rows: ROWS, shards, subtrees: [{ ...shards, block: 0 }], mode: 'start' as const },
    ...{
      seen: { arrays: [] as FloatArray[], most: 0 },
      training: true,
      key: new Uint32Array(2),
      firstRow: 0,
    },
  };
  return (seed: number) => {
    parameters.set(numbers(parameters.length, seed));
    bound.input.set(numbers(ROWS * INPUTS, seed + 1));
    bound.outputGradient.set(numbers(bound.outputGradient.length, seed + 2));
    gradient.fill(0);
    Object.assign(pass.seen, { arrays: [], most: 0 });
    products = 0;
    for (const direction of run) direction(pass, bound);
    return { products, bits: [...bound.output, ...gradient], seen: { ...pass.seen } };
  };
}

it.skipIf(machineSets.length === 0)('dense layers with ReLU', () => {
  const layers: UncheckedLayer[] = [{ dense: 70 }, 'relu', { dense: 33 }, 'relu', { dense: 3 }];
  const [plain, repeated] = [
    passes(layers, [forward, backward]),
    passes(layers, [replayed(forward), replayed(backward)]),
  ];
  for (const [turn, products] of [6, 0, 0].entries()) {
    const [expected, found] = [plain(10 * turn), repeated(10 * turn)];
    expect(found.products).toBe(products);
    expect(found.bits).toEqual(expected.bits);
    // The largest of all stands for each of them.
    expect(found.seen.arrays).toHaveLength(6);
    expect(found.seen.most).toBe(Math.max(...found.seen.arrays.flatMap((array) => [...array].map(Math.abs))));
  }
});

it.skipIf(machineSets.length === 0).each([
  ['another activation', [{ dense: 7 }, 'tanh', { dense: 3 }]],
  ['ReLU at the end', [{ dense: 7 }, 'relu']],
  ['scaled inputs', [{ dense: { units: 7, ntk: true } }]],
  ['draws', [{ dense: 7 }, { dropout: 0.5 }, { dense: 3 }]],
] as [string, UncheckedLayer[]][])('%s: layer by layer, as ever', (_, layers) => {
  const run = passes(layers, [replayed(forward), replayed(backward)]);
  const plain = passes(layers, [forward, backward]);
  for (const seed of [1, 2]) {
    const expected = plain(seed);
    expect(run(seed)).toEqual(expected);
    expect(expected.products).toBeGreaterThan(0);
  }
});
