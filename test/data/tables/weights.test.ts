import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadTrainingData } from '#src/data/load.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-weights-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function load(cells: readonly string[], weights = 'weight') {
  const file = join(folder, 'table.csv');
  writeFileSync(
    file,
    ['x,weight,y', ...cells.map((cell, i) => `${i},${cell},${i % 2 ? 'a' : 'b'}`)].join('\n'),
  );
  return loadTrainingData({ data: file, target: 'y', task: 'auto', val: 0, seed: 1, weights });
}

it('are read beside the inputs, and are none themselves', async () => {
  const { train, schema, inputWidth } = await load(['1', '0', '2.5', '4', '1', '1']);
  expect([...train.dataset.weights!]).toEqual([1, 0, 2.5, 4, 1, 1]);
  expect(inputWidth).toBe(1);
  expect(schema.kind === 'table' && schema.columns.map(({ name }) => name)).toEqual(['x']);
});

it.each([
  [
    ['1', '-2', '3', '1', '1', '1'],
    'weight',
    /row 2 .*column "weight": -2, where a weight must be 0 or more/,
  ],
  [
    ['1', '', '3', '1', '1', '1'],
    'weight',
    /row 2 .*column "weight": no value, where a weight must be 0 or more/,
  ],
  [['1', '1', '3', '1', '1', '1'], 'wieght', /--weights wieght: .* did you mean "weight"\?/],
])('are refused by row or by name: %j %s', async (cells, weights, message) => {
  await expect(load(cells, weights)).rejects.toThrow(message);
});

it('belong to tables', async () => {
  const options = { data: 'xor', task: 'auto', val: 0, seed: 1, weights: 'w' } as const;
  await expect(loadTrainingData(options)).rejects.toThrow(/--weights w: xor is not a table/);
});
