/** gradpool importance, and findings in inspect and train. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowers, Place } from './cli.js';

const place = new Place();
afterAll(() => place.remove());

const SETTINGS = ['--hidden', '8', '--optimizer', 'adam', '--lr', '0.02', '--epochs', '20', '--batch', '16'];
const lines = (text: string) => text.trimEnd().split('\n');

beforeAll(async () => {
  place.write('flowers.csv', flowers(120));
  const trained = await place.gradpool(
    ['train', 'flowers.csv', '-t', 'kind', '--out', 'run', '--quiet', '--workers', '0', ...SETTINGS], //
  );
  expect(trained.code).toBe(0);
});

describe('gradpool importance', () => {
  it('shows the columns with bars, the most important first', async () => {
    const { stdout, code } = await place.gradpool(['importance', 'run', 'flowers.csv', '--repeats', '3']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "increase of log loss when a column's values are permuted among 120 rows of flowers.csv\n(mean of 3 repeats;",
    );
    expect(stdout).toMatch(/^(height|price) .*█{30}$/m);
    expect(stdout).toContain('  height and price (1.00)');
  });

  it('writes JSON and CSV, the same for any number of workers', async () => {
    const asked = ['importance', 'run', 'flowers.csv', '--repeats', '2', '--seed', '3'];
    const [alone, two, csv] = await Promise.all([
      place.gradpool([...asked, '--json', '--workers', '0']),
      place.gradpool([...asked, '--json', '--workers', '2']),
      place.gradpool([...asked, '--csv', '--metric', 'accuracy']),
    ]);
    expect(two.stdout).toBe(alone.stdout);
    const { metric, columns } = JSON.parse(alone.stdout);
    expect(metric).toBe('logLoss');
    expect(columns.map(({ column }: { column: string }) => column).sort()).toEqual([
      'colour',
      'height',
      'price',
      'width',
    ]);
    expect(lines(csv.stdout)[0]).toBe('column,metric,mean,low,high');
    expect(lines(csv.stdout)).toHaveLength(5);
  });

  it('shows the dependence on columns', async () => {
    const asked = ['importance', 'run', 'flowers.csv', '--dependence', 'colour,height'];
    const { stdout } = await place.gradpool(asked);
    expect(stdout).toMatch(/^mean probability over 120 rows when all have the same colour$/m);
    expect(stdout).toMatch(/^blue +\d+\.\d % .*●$/m);
    const csv = lines((await place.gradpool([...asked, '--csv'])).stdout);
    expect(csv[0]).toBe('column,value,share,"rose, ""wild""",tulip');
    expect(csv).toHaveLength(1 + 3 + 20);
  });

  it.each([
    [['flowers.csv', '--metric', 'rmse'], 2, /^gradpool: --metric rmse: the model allows logLoss, accuracy/],
    [['flowers.csv', '--dependence', 'color'], 2, /--dependence color: .* did you mean "colour"\?/],
    [['flowers.csv', '--csv', '--json'], 2, /--csv and --json exclude each other/],
  ] as const)('refuses %j', async (words, code, message) => {
    const ended = await place.gradpool(['importance', 'run', ...words]);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(message);
  });
});

describe('findings', () => {
  it('inspect shows them, with a target and without', async () => {
    const plain = await place.gradpool(['inspect', 'flowers.csv']);
    expect(plain.stdout).toContain('nothing to check was found (-t TARGET looks for leakage');
    const asked = await place.gradpool(['inspect', 'flowers.csv', '-t', 'price']);
    expect(asked.stdout).toMatch(/^to check before training: 1 finding\n\nleakage: column "height": /m);
    const { findings } = JSON.parse(
      (await place.gradpool(['inspect', 'flowers.csv', '-t', 'price', '--json'])).stdout,
    );
    expect(findings).toMatchObject([{ kind: 'leakage', columns: ['height'] }]);
  });

  it('train notes them, and refuses them with --strict', async () => {
    const asked = ['train', 'flowers.csv', '-t', 'price', '--dry-run'];
    expect((await place.gradpool(asked)).stdout).toContain('check: column "height": ');
    const refused = await place.gradpool([...asked, '--strict']);
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toMatch(/^gradpool: .*flowers\.csv: column "height": .*or leave --strict out\n$/);
  });

  it('inspect takes flags of parts for data only', async () => {
    const run = await place.gradpool(['inspect', 'run', '-t', 'kind']);
    expect(run.stderr).toBe(
      'gradpool: --target: run is a run or a model; the flag is for data, so leave it out\n',
    );
    const arrays = await place.gradpool(['inspect', 'xor', '--seed', '2']);
    expect(arrays.stderr).toBe(
      'gradpool: --seed: xor is not a table, and only tables are examined; leave the flag out\n',
    );
  });
});
