import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowers, Place } from './cli.js';

const place = new Place();
const run = (line: string) => place.gradpool(line.split(' '));

beforeAll(async () => {
  place.write('flowers.csv', flowers());
  place.write('holdout.csv', flowers(20).replace('height,width', 'height,width'));
  const kind = await run('train flowers.csv -t kind --hidden 8 --epochs 20 --lr 0.05 --out kind');
  const price = await run('train flowers.csv -t price --hidden 8 --epochs 20 --out price');
  expect([kind.code, price.code], kind.stderr + price.stderr).toEqual([0, 0]);
});
afterAll(() => place.remove());

describe('evaluate', () => {
  it('measures each class', async () => {
    const { stdout, code } = await run('evaluate kind holdout.csv');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^accuracy \S+ %, loss \S+ on 20 rows$/m);
    expect(stdout).toMatch(/^rose, "wild" +\d\.\d{4} /m);
    expect(stdout).toMatch(/^true \\ predicted/m);
    for (const name of ['balancedAccuracy', 'rocAuc', 'logLoss', 'mcc'])
      expect(stdout).toMatch(new RegExp(`^${name} +\\S+$`, 'm'));
    expect(stdout).toMatch(/^undefined +top3Accuracy, top5Accuracy: there are only 2 classes$/m);
  });

  it('gives intervals, and weighs rows by a column', async () => {
    const plain = await run('evaluate kind holdout.csv --bootstrap 50');
    expect(plain.stdout).toMatch(/^rocAuc +\S+ \[\S+, \S+\]$/m);
    const found = JSON.parse((await run('evaluate kind holdout.csv --weights height --json')).stdout);
    expect(found.metrics.accuracy).toBe(found.scores.accuracy.value);
    expect(found.confusion.flat().reduce((sum: number, weight: number) => sum + weight, 0)).not.toBe(20);
    const { code, stderr } = await run('evaluate kind holdout.csv --weights heigth');
    expect(code).toBe(2);
    expect(stderr).toMatch(/--weights heigth: .*did you mean "height"\?/);
    expect((await run('evaluate kind holdout.csv --bootstrap 3')).stderr).toMatch(
      /--bootstrap: .*from 40.*"3"/,
    );
  });

  it('as JSON agrees with its own confusion matrix', async () => {
    const found = JSON.parse((await run('evaluate kind/model.safetensors holdout.csv --json')).stdout);
    expect(found).toMatchObject({ rows: 20, classes: ['rose, "wild"', 'tulip'], data: 'holdout.csv' });
    const [[a, b], [c, d]] = found.confusion;
    expect(a + b + c + d).toBe(20);
    expect(found.metrics.accuracy).toBeCloseTo((a + d) / 20, 12);
    expect(found.perClass[0]).toEqual({
      class: 'rose, "wild"',
      precision: a + c === 0 ? null : a / (a + c),
      recall: a / (a + b),
      f1: (2 * a) / (2 * a + b + c),
      rows: 10,
    });
  });

  it('measures values', async () => {
    const { stdout } = await run('evaluate price holdout.csv');
    for (const name of ['rmse', 'mae', 'r2', 'loss'])
      expect(stdout).toMatch(new RegExp(`^${name} +\\S+$`, 'm'));
    const found = JSON.parse((await run('evaluate price holdout.csv --json')).stdout);
    expect(found).toMatchObject({
      rows: 20,
      r2: expect.any(Number),
      mae: expect.any(Number),
      confusion: null,
    });
  });
});

describe('predict', () => {
  it('writes CSV with quotes where they are needed', async () => {
    const { stdout, stderr } = await run('predict kind holdout.csv');
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toBe('kind,"p(rose, ""wild"")",p(tulip)');
    expect(lines).toHaveLength(21);
    for (const line of lines.slice(1)) {
      const [, kind, p, q] = /^("rose, ""wild"""|tulip),([\d.e-]+),([\d.e-]+)$/.exec(line) ?? [];
      expect(Number(p) + Number(q)).toBeCloseTo(1, 5);
      expect(kind).toBe(Number(p) > Number(q) ? '"rose, ""wild"""' : 'tulip');
    }
    expect(stderr).not.toMatch(/gradpool:/);
  });

  it('writes JSON lines that say the same', async () => {
    const csv = (await run('predict price holdout.csv')).stdout.trim().split('\n');
    const { stdout } = await run('predict price holdout.csv --format jsonl');
    const values = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).price);
    expect(csv).toEqual(['price', ...values.map(String)]);
    const classes = (await run('predict kind holdout.csv --format jsonl')).stdout.split('\n')[0];
    expect(Object.keys(JSON.parse(classes).probabilities)).toEqual(['rose, "wild"', 'tulip']);
  });

  it('writes a file whole or not at all', async () => {
    const ended = await run('predict price holdout.csv --output predicted.csv');
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(place.path('predicted.csv'), 'utf8')).toBe(
      (await run('predict price holdout.csv')).stdout,
    );
    place.write('broken.csv', 'height,width,colour\n1,abc,red\n');
    const failed = await run('predict price broken.csv --output broken.out');
    expect(failed.code).toBe(3);
    expect(existsSync(place.path('broken.out'))).toBe(false);
    expect(place.files().filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('ends quietly when nobody reads on', async () => {
    place.write('many.csv', flowers(20_000));
    const program = fileURLToPath(new URL('../../dist/bin/gradpool.js', import.meta.url));
    const shell = spawn(
      'bash',
      ['-c', `node ${program} predict kind many.csv | head -1; echo "\${PIPESTATUS[0]}"`],
      {
        cwd: place.folder,
      },
    );
    let [stdout, stderr] = ['', ''];
    shell.stdout.on('data', (text) => (stdout += text));
    shell.stderr.on('data', (text) => (stderr += text));
    await new Promise((done) => shell.once('close', done));
    expect(stdout).toBe('kind,"p(rose, ""wild"")",p(tulip)\n0\n');
    expect(stderr).not.toMatch(/EPIPE|bug/);
  });
});

describe('inspect', () => {
  it('tells of a run', async () => {
    const { stdout } = await run('inspect kind');
    expect(stdout).toMatch(/^status +completed$/m);
    expect(stdout).toMatch(/^command +gradpool train flowers\.csv -t kind/m);
    expect(stdout).toMatch(/^epochs +20 of 20 in /m);
    const described = JSON.parse((await run('inspect kind --json')).stdout);
    expect(described).toMatchObject({ kind: 'run', run: 'kind', record: { status: 'completed' } });
    expect(described.history).toHaveLength(20);
  });

  it('tells of a model', async () => {
    const { stdout } = await run('inspect kind/model.safetensors');
    expect(stdout).toMatch(
      /^inputs +height \(robust scale\), width \(robust scale\), colour \(categories\), price \(robust scale\)$/m,
    );
    expect(stdout).toMatch(/^softmax +2 +2 +0$/m);
    const described = JSON.parse((await run('inspect kind/model.safetensors --json')).stdout);
    expect(described).toMatchObject({
      kind: 'model',
      task: 'classification',
      parameters: expect.any(Number),
    });
  });

  it('tells of data', async () => {
    const { stdout } = await run('inspect flowers.csv');
    expect(stdout).toMatch(/^flowers: 60 rows, 5 columns$/m);
    expect(stdout).toMatch(/^colour +text +0 +3 /m);
    const described = JSON.parse((await run('inspect flowers.csv --json')).stdout);
    expect(described).toMatchObject({ kind: 'data', parts: [{ rows: 60 }] });
  });
});
