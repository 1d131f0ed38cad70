/** `train --bag` on the command line: what it prints, and the commands that take its model. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowers, Place } from './cli.js';

const place = new Place();
const run = (line: string) => place.gradpool(line.split(' '));
const TRAIN =
  'train flowers.csv --hidden 4 --epochs 3 --batch 16 --optimizer adam --lr 0.01 --val 0.2 --bag 3';
let trained: Awaited<ReturnType<typeof run>>;

beforeAll(async () => {
  place.write('flowers.csv', flowers());
  trained = await run(`${TRAIN} -t kind --test 0.25 --workers 2 --out run --json`);
  expect(trained.code, trained.stderr).toBe(0);
});
afterAll(() => place.remove());

describe('train --bag', () => {
  it('prints the keys of a training, and those of its members', () => {
    const metrics = { loss: expect.any(Number), accuracy: expect.any(Number) };
    const trivial = { accuracy: expect.any(Number), logLoss: expect.any(Number) };
    const member = {
      seed: expect.any(Number),
      status: 'completed',
      epochs: 3,
      bestEpoch: expect.any(Number),
      val: metrics,
      weightsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    };
    expect(JSON.parse(trained.stdout)).toEqual({
      run: 'run',
      status: 'completed',
      reason: 'all 3 epochs',
      weightsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      epochs: 3,
      steps: expect.any(Number),
      bestEpoch: null,
      train: metrics,
      val: metrics,
      test: metrics,
      scores: { val: expect.objectContaining({ accuracy: expect.anything() }), test: expect.anything() },
      baseline: {
        kind: 'most frequent class',
        class: expect.stringMatching(/^(rose, "wild"|tulip)$/),
        ...{ train: trivial, val: trivial, test: trivial },
        beaten: expect.any(Boolean),
      },
      samplesPerSecond: expect.any(Number),
      wallSeconds: expect.any(Number),
      workers: 2,
      shards: 8,
      kernels: expect.any(String),
      precision: 'f32',
      seed: 1,
      parameters: expect.any(Number),
      bag: {
        members: [member, member, member],
        outOfFold: { ...metrics, rows: expect.any(Number), fewest: 1, most: 1 },
        gain: { on: 'test', rows: expect.any(Number), members: 3, single: metrics, together: metrics },
      },
    });
  });

  it('says on lines of its own what each member does, and sums it up', async () => {
    const { code, stdout, stderr } = await run(`${TRAIN} -t price --test 0.25 --workers 0 --out people`);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^bag: 3 networks, each trained on about \d+ of \d+ rows and validated on the/m);
    expect(stderr).toMatch(/^member epoch +loss +rmse +R² +val loss +rmse +R² /m);
    const epochs = stderr.split('\n').filter((line) => /^ +\d +\d +[\d.]+ /.test(line));
    expect(epochs.map((line) => line.trim().split(/ +/).slice(0, 2).join())).toEqual(
      [1, 2, 3].flatMap((member) => [1, 2, 3].map((epoch) => `${member},${epoch}`)),
    );
    expect(stderr).toMatch(
      /^member 2 of 3 completed after 3 epochs, best epoch \d: rmse \S+, R² \S+, loss \S+$/m,
    );
    expect(stdout).toMatch(
      /^validation +rmse \S+, R² \S+, loss .* rows out of fold, each scored by the one network that was/m,
    );
    expect(stdout).toMatch(/^test +rmse \S+, R² \S+, loss/m);
    expect(stdout).toMatch(/^baseline +always the mean: rmse \S+, R² \S+$/m);
    expect(stdout).toMatch(/^members +3, with best epochs \d, \d, \d$/m);
    expect(stdout).toMatch(
      /^averaging +on \d+ test rows 3 networks together rmse .*; each alone, on average, rmse/m,
    );
    expect(stdout).toMatch(/^next +gradpool predict people new\.csv$/m);
  });

  it('refuses a profile, and a bag without networks', async () => {
    for (const [flags, message] of [
      ['--profile', /^gradpool: --profile: times one training, and --bag trains several at once; leave out/],
      ['--bag 0', /^gradpool: --bag: must be at least 1, found 0/],
    ] as const) {
      const { code, stderr } = await run(
        `train flowers.csv -t kind --bag 3 ${flags}`.replace(/--bag 3 (?=--bag)/, ''),
      );
      expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
      expect(stderr).toMatch(message);
    }
  });

  it('shows its plan', async () => {
    const { stdout } = await run(`${TRAIN} -t kind --dry-run`);
    expect(stdout).toMatch(/^other members at the same time/m);
    expect(stdout).toMatch(/^members' weights/m);
  });
});

describe('the model of a bag', () => {
  it('evaluates to the reported test metrics, and predicts', async () => {
    const { weightsSha256 } = JSON.parse(trained.stdout);
    const evaluated = await run('evaluate run flowers.csv --json');
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ weightsSha256 });
    const values = await run(`${TRAIN} -t price --test flowers.csv --workers 0 --out price --json --quiet`);
    const measured = await run('evaluate price flowers.csv --json');
    expect(JSON.parse(measured.stdout).metrics).toEqual(JSON.parse(values.stdout).test);
    const { stdout, code } = await run('predict run flowers.csv');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(
      readFileSync(place.path('flowers.csv'), 'utf8').trim().split('\n').length,
    );
  });

  it('gives sets from the rows that were out of fold', async () => {
    const { stdout } = await run('predict run flowers.csv --interval 0.8 --format jsonl');
    const predicted = JSON.parse(stdout.split('\n')[0]);
    expect(predicted.kind_set[0]).toBe(predicted.kind);
    const { uncertainty } = JSON.parse((await run('evaluate run flowers.csv --json')).stdout);
    expect(uncertainty).toMatchObject({ level: 0.9, width: null });
    expect((await run('inspect run')).stdout).toMatch(/^calibration +sets from \d+ validation rows; temp/m);
  });

  it('is inspected as a run and as a file', async () => {
    const { stdout } = await run('inspect run');
    expect(stdout).toMatch(/^bag +3 networks, whose predictions are averaged$/m);
    expect(stdout).toMatch(/^member 3 +3 epochs, best \d: accuracy /m);
    const { members, history } = JSON.parse((await run('inspect run --json')).stdout);
    expect(history).toEqual([]);
    expect(members.map((epochs: unknown[]) => epochs.length)).toEqual([3, 3, 3]);
    expect((await run('inspect run/model.safetensors')).stdout).toMatch(/^bag +3 networks/m);
  });

  it('is explained and checked one member at a time', async () => {
    const first = await run('explain run --json');
    const second = await run('explain run --member 2 --json');
    expect(first.stderr).toBe('member 1 of a bag of 3 networks; --member shows another\n');
    expect(second.stderr).toMatch(/^member 2 of a bag of 3/);
    expect(second.stdout).not.toBe(first.stdout);
    const beyond = await run('explain run --member 4');
    expect(beyond).toMatchObject({
      code: 2,
      stderr: 'gradpool: --member 4: run is a bag of 3 networks, 1 to 3\n',
    });
    const single = await run('gradcheck run/members/1 --member 2');
    expect(single.stderr).toBe('gradpool: --member 2: run/members/1 is a single network, not a bag\n');
    expect((await run('gradcheck run')).code).toBe(0);
  });

  it('is not resumed by one of its members', async () => {
    const { code, stderr } = await run('resume run/members/2');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'gradpool: run/members/2 is member 2 of a bag: resume the whole bag, gradpool resume run\n',
    });
  });
});
