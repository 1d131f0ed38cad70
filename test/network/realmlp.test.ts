/** The layers of RealMLP against a transcription in PyTorch (test/fixtures/pytorch/realmlp.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parameterLayout } from '#src/network/layout.js';
import { backward, bind, forward } from '#src/network/network.js';
import { buildLayers, type LayerSpec } from '#src/network/spec.js';
import { implementations } from '../kernels/implementations.js';

interface Case {
  readonly layer: LayerSpec;
  readonly x: number[];
  readonly y: number[];
  readonly dy: number[];
  readonly dx: number[];
  readonly parameters: Readonly<Record<string, number[]>>;
  readonly gradients: Readonly<Record<string, number[]>>;
}

const fixture: { readonly rows: number; readonly layers: Case[] } = JSON.parse(
  readFileSync(new URL('../fixtures/pytorch/realmlp.json', import.meta.url), 'utf8'),
);

describe.each(implementations)('$label', (where) => {
  it.each(fixture.layers)('$layer: values and gradients', (test) => {
    where.reset();
    const { rows } = fixture;
    const layers = buildLayers([test.layer], test.x.length / rows);
    const layout = parameterLayout(layers);
    const bounds = Int32Array.of(0, 3, rows);
    const parameters = where.zeros(layout.length);
    const gradients = where.zeros(layout.length);
    const named = layout.views.map((view) => ({ ...view, name: view.spec.name }));
    for (const { name, offset } of named) parameters.set(test.parameters[name], offset);
    const network = bind(layers, rows, {
      layout,
      parameters,
      gradients: [gradients],
      allocate: (length) => where.zeros(length),
      inputGradient: true,
    });
    const pass = {
      kernels: where.kernels,
      rows,
      shards: { bounds, first: 0, last: 2 },
      subtrees: [{ block: 0, bounds, first: 0, last: 2 }],
      mode: 'start' as const,
      training: true,
      key: new Uint32Array(2),
      firstRow: 0,
    };
    network.input.set(test.x);
    forward(pass, network);
    network.outputGradient.set(test.dy);
    backward(pass, network);
    const close = (actual: ArrayLike<number>, expected: readonly number[], what: string) =>
      expected.forEach((value, i) => {
        const bound = 200 * where.unit * (1 + Math.abs(value));
        expect(Math.abs(actual[i] - value), `${what}[${i}]`).toBeLessThan(bound);
      });
    close(network.output, test.y, 'y');
    close(network.inputGradient!, test.dx, 'dx');
    for (const { name, offset, length } of named) {
      expect(test.gradients[name]).toHaveLength(length);
      close(gradients.subarray(offset, offset + length), test.gradients[name], name);
    }
  });
});
