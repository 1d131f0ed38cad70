/** The suggestion of a bag after the training of a small table. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flowers, Place } from './cli.js';

const place = new Place();
beforeAll(() => {
  place.write('small.csv', flowers(120));
  place.write('large.csv', flowers(2600));
});
afterAll(() => place.remove());

const TRAIN = '--hidden 8 --epochs 20 --batch 16 --optimizer adam --lr 0.02 --workers 0 --quiet';
const summary = async (what: string) => {
  const { code, stdout } = await place.gradpool(['train', ...`${what} ${TRAIN}`.split(' ')]);
  expect(code).toBe(0);
  return stdout;
};
const HINT =
  /^note +--bag 4 averages four networks trained on different rows; .* by 4 % on average \(docs\/training\.md#bags/m;

it('stands in the summary of a single network, with the figure of the document', async () => {
  expect(await summary('small.csv -t kind')).toMatch(HINT);
  const document = readFileSync(new URL('../../docs/training.md', import.meta.url), 'utf8');
  expect(document).toContain('the four together are better by 4 % in geometric mean');
});

it.each([
  ['a table of 2,000 training rows', 'large.csv -t kind'],
  ['a bag', 'small.csv -t kind --bag 2'],
  ['arrays', 'iris'],
])('does not stand in that of %s', async (_, what) => {
  expect(await summary(what)).not.toContain('--bag 4');
});

it('does not stand in JSON, nor beside the note that the model is no better than the baseline', async () => {
  expect(await summary('small.csv -t kind --json')).not.toContain('--bag 4');
  const { stdout } = await place.gradpool([
    ...'train small.csv -t kind --hidden 8 --epochs 1 --optimizer sgd --lr 1e-9 --workers 0 --quiet'.split(
      ' ',
    ),
  ]);
  expect(stdout).toMatch(/^note +the model is not better/m);
  expect(stdout).not.toContain('--bag 4');
});
