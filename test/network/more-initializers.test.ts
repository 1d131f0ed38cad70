/** Orthogonal, truncated and constant initial weights: what defines each. */
import { describe, expect, it } from 'vitest';
import { initialize } from '#src/network/initialize.js';
import { parameterLayout } from '#src/network/layout.js';
import { buildLayers } from '#src/network/spec.js';

/** The weights of one dense layer, [inputs, units]. */
function weights(
  name: Parameters<typeof initialize>[2],
  inputs: number,
  units: number,
  seed = 1,
  constant = 0,
) {
  const layout = parameterLayout(buildLayers([{ dense: units }], inputs));
  const block = new Float32Array(layout.length);
  initialize(block, layout, name, seed, constant);
  const [weight, bias] = layout.views;
  expect([...block.subarray(bias.offset, bias.offset + bias.length)]).toEqual(new Array(units).fill(0));
  return block.subarray(weight.offset, weight.offset + weight.length);
}

describe('orthogonal', () => {
  it.each([
    [20, 20],
    [30, 7],
    [7, 30],
    [1, 5],
    [5, 1],
    [128, 128],
  ])('%i×%i: rows or columns, whichever are fewer, are orthonormal', (rows, columns) => {
    const w = weights('orthogonal', rows, columns);
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const at = (k: number, i: number) => (rows < columns ? w[k * columns + i] : w[i * columns + k]);
    let error = 0;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += at(a, i) * at(b, i);
        error = Math.max(error, Math.abs(product - (a === b ? 1 : 0)));
      }
    }
    expect(error).toBeLessThan(3e-7);
  });

  it('prefers no direction: a corner of many 3×3 matrices has the moments of a uniform point of the sphere', () => {
    const corners = Array.from({ length: 4000 }, (_, seed) => weights('orthogonal', 3, 3, seed)[0]);
    const moment = (k: number) => corners.reduce((sum, value) => sum + value ** k, 0) / corners.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.04);
    expect(moment(2)).toBeCloseTo(1 / 3, 1);
    expect(moment(4)).toBeCloseTo(1 / 5, 1);
  });

  it('is another matrix for another seed, and the same for the same', () => {
    expect(weights('orthogonal', 4, 4, 2)).toEqual(weights('orthogonal', 4, 4, 2));
    expect(weights('orthogonal', 4, 4, 2)).not.toEqual(weights('orthogonal', 4, 4, 3));
  });
});

it('truncatedNormal: variance 1/fanIn, and nothing beyond two deviations of the normal it is cut from', () => {
  const w = weights('truncatedNormal', 120, 250);
  const square = w.reduce((sum, value) => sum + value * value, 0) / w.length;
  const mean = w.reduce((sum, value) => sum + value, 0) / w.length;
  const cut = (2 * Math.sqrt(1 / 120)) / 0.8796256610342398;
  const largest = w.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(square * 120).toBeGreaterThan(0.98);
  expect(square * 120).toBeLessThan(1.02);
  expect(Math.abs(mean)).toBeLessThan(0.002);
  expect(largest).toBeLessThanOrEqual(cut);
  expect(largest).toBeGreaterThan(0.999 * cut);
  // of the standard normal between −2 and 2, 68.27/95.45 lies between −1 and 1
  const inner = w.filter((value) => Math.abs(value) < cut / 2).length / w.length;
  expect(inner).toBeCloseTo(0.7153, 2);
});

it('constant: every weight is initConstant', () => {
  expect([...weights('constant', 3, 2, 1, 0.25)]).toEqual(new Array(6).fill(0.25));
  expect([...weights('zeros', 3, 2, 1, 0.25)]).toEqual(new Array(6).fill(0));
});
