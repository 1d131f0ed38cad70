/** A pass that is repeated as a recording leaves the bits that it leaves layer by layer. */
import { expect, it } from 'vitest';
import type { FloatArray, Kernels } from '#src/kernels/kernels.js';
import type { UncheckedLayer } from '#src/network/kind.js';
import { backward, forward } from '#src/network/sequence.js';
import { type Repeated, runAndRepeat } from '#src/train/repeated.js';
import { machineSets, numbers } from '../kernels/implementations.js';
import { testNetwork } from '../support/network.js';

const [ROWS, INPUTS] = [9, 5];

/**
 * Returns the two passes of a network, which tell what they have seen of the gradients.
 * @param recording whether the kernels may record them: both, neither, or forward alone
 */
function passes(layers: readonly UncheckedLayer[], recording: boolean | 'forward') {
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
  const { recordable } = bound.passes;
  const stages = [forward, backward].map((direction) => ({
    recordable: recordable && (direction === forward || recording === true),
    run: () => direction(pass, bound),
  }));
  let again: Repeated | null = null;
  return (seed: number) => {
    parameters.set(numbers(parameters.length, seed));
    bound.input.set(numbers(ROWS * INPUTS, seed + 1));
    bound.outputGradient.set(numbers(bound.outputGradient.length, seed + 2));
    gradient.fill(0);
    Object.assign(pass.seen, { arrays: [], most: 0 });
    products = 0;
    const called = again?.isOneCall ?? false;
    if (again) again.run();
    else again = runAndRepeat(stages, recording ? kernels : {}, pass.seen);
    return { called, products, bits: [...bound.output, ...gradient], seen: { ...pass.seen } };
  };
}

it.skipIf(machineSets.length === 0)('dense layers with ReLU', () => {
  const layers: UncheckedLayer[] = [{ dense: 70 }, 'relu', { dense: 33 }, 'relu', { dense: 3 }];
  const [plain, recorded] = [passes(layers, false), passes(layers, true)];
  for (const [turn, products] of [6, 0, 0].entries()) {
    const [expected, found] = [plain(10 * turn), recorded(10 * turn)];
    expect(found.products).toBe(products);
    expect([expected.called, found.called]).toEqual([false, turn > 0]);
    expect(found.bits).toEqual(expected.bits);
    // The largest of all stands for each of them.
    expect(found.seen.arrays).toHaveLength(6);
    expect(found.seen.most).toBe(Math.max(...found.seen.arrays.flatMap((array) => [...array].map(Math.abs))));
  }
});

it.skipIf(machineSets.length === 0)('a recording before a stage that runs by itself', () => {
  const layers: UncheckedLayer[] = [{ dense: 7 }, 'relu', { dense: 3 }];
  const [plain, mixed] = [passes(layers, false), passes(layers, 'forward')];
  for (const [turn, products] of [4, 2, 2].entries()) {
    const [expected, found] = [plain(10 * turn), mixed(10 * turn)];
    expect(found).toEqual({ ...expected, products });
  }
});

it.skipIf(machineSets.length === 0).each([
  ['another activation', [{ dense: 7 }, 'tanh', { dense: 3 }]],
  ['ReLU at the end', [{ dense: 7 }, 'relu']],
  ['scaled inputs', [{ dense: { units: 7, ntk: true } }]],
  ['draws', [{ dense: 7 }, { dropout: 0.5 }, { dense: 3 }]],
] as [string, UncheckedLayer[]][])('%s: layer by layer, as ever', (_, layers) => {
  const [plain, run] = [passes(layers, false), passes(layers, true)];
  for (const seed of [1, 2]) {
    const expected = plain(seed);
    expect(run(seed)).toEqual(expected);
    expect(expected.products).toBeGreaterThan(0);
  }
});
