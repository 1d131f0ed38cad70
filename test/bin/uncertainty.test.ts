/** Intervals, sets and quantiles on the command line. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowers, Place } from './cli.js';

const place = new Place();
const run = (line: string) => place.gradpool(line.split(' '));

beforeAll(async () => {
  place.write('flowers.csv', flowers(200));
  place.write('holdout.csv', flowers(20));
  const common = 'train flowers.csv --hidden 8 --optimizer adam --lr 0.01 --epochs 10 --batch 32 --workers 0';
  for (const rest of [
    '-t kind --val 0.2 --calibrate temperature --out kind',
    '-t price --val 0.2 --out price',
    '-t price --val 0.2 --quantiles 0.05,0.5,0.95 --out quantiles',
    '-t price --val 0 --out alone',
  ]) {
    const { code, stderr } = await run(`${common} ${rest}`);
    expect(code, stderr).toBe(0);
  }
});
afterAll(() => place.remove());

const first = (stdout: string) => stdout.split('\n').slice(0, 2);

describe('predict --interval', () => {
  it('adds two columns after a number', async () => {
    const [header, row] = first((await run('predict price holdout.csv --interval 0.9')).stdout);
    expect(header).toBe('price,price_low,price_high');
    const [value, low, high] = row.split(',').map(Number);
    expect(low).toBeLessThan(value);
    expect(high - value).toBeCloseTo(value - low, 3);
    expect(first((await run('predict price holdout.csv --interval 90%')).stdout)).toEqual([header, row]);
  });

  it('adds a set after a class, in JSON as a list', async () => {
    const { stdout } = await run('predict kind holdout.csv --interval 0.97');
    expect(first(stdout)[0]).toBe('kind,kind_set,"p(rose, ""wild"")",p(tulip)');
    const lines = (await run('predict kind holdout.csv --interval 0.97 --format jsonl')).stdout.trim();
    for (const line of lines.split('\n')) {
      const { kind, kind_set: set, probabilities } = JSON.parse(line);
      expect(set[0]).toBe(kind);
      for (const name of set) expect(Object.keys(probabilities)).toContain(name);
    }
  });

  it('stands beside quantiles, which are there without it', async () => {
    const plain = await run('predict quantiles holdout.csv');
    expect(first(plain.stdout)[0]).toBe('price,price_q0.05,price_q0.5,price_q0.95');
    const { stdout } = await run('predict quantiles holdout.csv --interval 0.9 --keep colour');
    const [header, row] = first(stdout);
    expect(header).toBe('colour,price,price_q0.05,price_q0.5,price_q0.95,price_low,price_high');
    const [value, low, middle, high] = row.split(',').slice(1).map(Number);
    expect(value).toBe(middle);
    expect(low <= middle && middle <= high).toBe(true);
  });

  it.each([
    [
      'price holdout.csv --interval 1',
      2,
      /interval: expected a level between 0 and 1, such as 0\.9, found 1$/,
    ],
    ['price holdout.csv --interval 0', 2, /interval: expected a level between 0 and 1/],
    ['price holdout.csv --interval 90', 2, /--interval: 90 would be 9000 %; write 90%/],
    ['price holdout.csv --interval much', 2, /--interval: expected a percentage.*found "much"/],
    [
      'price holdout.csv --interval 0.99',
      2,
      /0\.99 needs 99 validation rows, but price\/model\.safetensors was calibrated on 40: ask for 0\.9756 at/,
    ],
    [
      'alone holdout.csv --interval 0.9',
      3,
      /alone\/model\.safetensors: it was trained without validation rows/,
    ],
  ])('predict %s ends in one line', async (args, code, message) => {
    const ended = await run(`predict ${args}`);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr.trim()).toMatch(message);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('refuses to keep a column of the same name', async () => {
    place.write('twice.csv', 'height,width,colour,kind,price_low\n1,2,red,tulip,3\n');
    const ended = await run('predict price twice.csv --interval 0.9 --keep price_low');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/--keep price_low: the prediction has this name/);
  });
});

describe('evaluate and inspect', () => {
  it('say how often intervals and sets are right', async () => {
    const price = await run('evaluate price holdout.csv');
    expect(price.stdout).toMatch(
      /^intervals +\d+\.\d\d % hold the right answer at level 0\.9, mean width \S+$/m,
    );
    const kind = await run('evaluate kind holdout.csv');
    expect(kind.stdout).toMatch(/^sets +\d+\.\d\d % hold the right answer at level 0\.9, mean \S+ classes$/m);
    expect(kind.stdout).toMatch(/^ece +\S+, \S+ with the temperature$/m);
    expect((await run('evaluate alone holdout.csv')).stdout).not.toMatch(/intervals/);
    const { uncertainty, ece } = JSON.parse((await run('evaluate kind holdout.csv --json')).stdout);
    expect(uncertainty).toMatchObject({ level: 0.9, width: null });
    expect(ece).toEqual({ before: expect.any(Number), after: expect.any(Number) });
  });

  it('show the calibration', async () => {
    expect((await run('inspect price')).stdout).toMatch(/^calibration +intervals from 40 validation rows$/m);
    expect((await run('inspect kind/model.safetensors')).stdout).toMatch(
      /^calibration +sets from 40 validation rows; temperature \S+ \(applied\), ece \S+ before and \S+ after it$/m,
    );
    expect((await run('inspect alone')).stdout).not.toMatch(/calibration/);
    expect(JSON.parse((await run('inspect kind --json')).stdout).calibration).toMatchObject({ rows: 40 });
  });
});
