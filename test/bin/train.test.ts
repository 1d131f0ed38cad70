import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowers, Place } from './cli.js';

const place = new Place();
beforeAll(() => void place.write('flowers.csv', flowers()));
afterAll(() => place.remove());

const LINE = 'train flowers.csv --hidden 4 --epochs 3';
const run = (line: string, environment = {}) => place.gradpool(line.split(' '), environment);
const record = (name: string) => JSON.parse(readFileSync(place.path(name, 'run.json'), 'utf8'));

describe('train', () => {
  it('prints one JSON document with --json', async () => {
    const ended = await run(`${LINE} -t kind --test flowers.csv --workers 0 --out json --json`);
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      run: 'json',
      status: 'completed',
      weightsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      epochs: 3,
      steps: 6,
      bestEpoch: expect.any(Number),
      train: { loss: expect.any(Number), accuracy: expect.any(Number) },
      val: { loss: expect.any(Number), accuracy: expect.any(Number) },
      test: { loss: expect.any(Number), accuracy: expect.any(Number) },
      baseline: { kind: 'most frequent class', beaten: expect.any(Boolean) },
      samplesPerSecond: expect.any(Number),
      wallSeconds: expect.any(Number),
      workers: 0,
      shards: 8,
      kernels: expect.any(String),
      precision: 'f32',
      seed: 1,
      parameters: expect.any(Number),
    });
  });

  it('ends in a summary for people, with the next command', async () => {
    const { code, stdout, stderr } = await run(`${LINE} -t price --val 0.2 --out people`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^validation +rmse \S+, R² \S+, loss \S+/m);
    expect(stdout).toMatch(/^baseline +always the mean: rmse \S+, R² -?\d\.\d{4}$/m);
    expect(stdout).toContain(record('people').result.weightsSha256);
    expect(stdout).toMatch(/^next +gradpool predict people new\.csv$/m);
    const epochs = stderr.split('\n').filter((line) => /^ +\d +[\d.]+ /.test(line));
    const best = record('people').result.bestEpoch;
    const refitted = Array.from({ length: best }, (_, i) => i + 1);
    expect(epochs.map((line) => Number.parseInt(line, 10))).toEqual([1, 2, 3, ...refitted]);
    expect(stderr).toMatch(/^refit: \d epochs? on all \d+ rows, validation rows included$/m);
    expect(stdout).toMatch(/^refit +\d epochs? on all \d+ rows; /m);
    expect(stderr).toMatch(/^epoch +loss +rmse +R² +val loss +rmse +R² +lr +time$/m);
    const colour = String.fromCharCode(27);
    expect(stdout + stderr).not.toContain(colour);
    expect(record('people').argv).toEqual([
      ...LINE.split(' '),
      '-t',
      'price',
      '--val',
      '0.2',
      '--out',
      'people',
    ]);
  });

  it('keeps quiet when asked', async () => {
    const { stderr, stdout } = await run(`${LINE} -t kind --out quiet --quiet`);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^weights /m);
  });

  it('prints few lines of many epochs', async () => {
    const begin = performance.now();
    const { stderr } = await run('train xor --hidden 4 --epochs 2000 --workers 0 --out many');
    const quarters = (performance.now() - begin) / 250;
    const epochs = stderr.split('\n').filter((line) => /^ +\d/.test(line));
    expect(epochs[0]).toMatch(/^ +1 /);
    expect(epochs.at(-1)).toMatch(/^ *2000 /);
    // The first, the last, and four a second between them.
    expect(epochs.length).toBeLessThanOrEqual(2 + quarters);
  });

  it('--dry-run shows network and memory and writes nothing', async () => {
    const before = place.files();
    const { code, stdout } = await run(`${LINE} -t kind --dry-run`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^dense +\d+ +4 +\d+ +\d+$/m);
    expect(stdout).toMatch(/^total +\d.* [KM]iB$/m);
    const { parameters, layers, budget } = JSON.parse((await run(`${LINE} -t kind --dry-run --json`)).stdout);
    expect(layers.reduce((sum: number, layer: { parameters: number }) => sum + layer.parameters, 0)).toBe(
      parameters,
    );
    expect(budget.total).toBeGreaterThan(0);
    expect(place.files()).toEqual(before);
  });
});

const ENDLESS = 'train xor --hidden 4 --epochs 100000000 --workers 0 --out';

/** Sends SIGINT when stderr first matches each pattern in turn. */
function interruptAt(...patterns: RegExp[]) {
  const left = [...patterns];
  return (child: { kill(signal: NodeJS.Signals): void }, stderr: string) => {
    if (!left[0]?.test(stderr)) return;
    left.shift();
    child.kill('SIGINT');
  };
}

describe('Ctrl-C', () => {
  it('finishes the step, saves, and ends with 130; resume goes on', async () => {
    const first = await place.gradpool(`${ENDLESS} stopped`.split(' '), {}, interruptAt(/^ +1 /m));
    expect(first.code).toBe(130);
    expect(first.stderr).toContain('finishing the step and saving; Ctrl-C again quits at once');
    expect(first.stdout).toMatch(/^next +gradpool resume stopped$/m);
    const { status, exitCode, result } = record('stopped');
    expect({ status, exitCode }).toEqual({ status: 'interrupted', exitCode: 130 });

    const again = ['resume', 'stopped', '--workers', '1', '--json'];
    const second = await place.gradpool(again, {}, interruptAt(/^ +\d+ /m));
    expect(second.code).toBe(130);
    expect(second.stderr).toMatch(/going on at step/);
    const resumed = JSON.parse(second.stdout);
    expect(resumed).toMatchObject({ status: 'interrupted', workers: 1 });
    expect(resumed.steps).toBeGreaterThan(result.steps);
  });

  it('twice quits at once, and the run can still go on', async () => {
    const slow =
      'train moons:200000 --hidden 1024,1024 --kernels reference --batch all --workers 1 --val 0 --out slow';
    const ended = await place.gradpool(slow.split(' '), {}, interruptAt(/^epoch /m, /again quits at once/));
    expect(ended).toMatchObject({ code: 130, stdout: '' });
    // The step would take a quarter of an hour.
    expect(record('slow')).toMatchObject({ status: 'interrupted', exitCode: 130 });
    const inspected = await run('inspect slow');
    expect(inspected.stdout).toMatch(/^next +gradpool resume slow$/m);
    const quitting = interruptAt(/^epoch /m, /again quits at once/);
    expect(await place.gradpool(['resume', 'slow'], {}, quitting)).toMatchObject({ code: 130 });
    expect(place.files().filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
