/** What the pages of reports say: the numbers of the run, how it stands, and nothing that harms. */
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '#src/errors.js';
import { loadModel } from '#src/model/index.js';
import { metricText } from '#src/report/format.js';
import { makeReport, type Report } from '#src/report/report.js';
import { pngOf } from '#src/report/run/png.js';
import { unseal, unsealSweep } from '../support/unsealed.js';
import {
  benchFile,
  classes,
  classRun,
  folder,
  HOSTILE,
  imageRun,
  removeFolder,
  smallSweep,
  valueRun,
} from './subjects.js';

afterAll(removeFolder);

/** Returns the tables of a page: the texts of their cells, by row, under the caption. */
function tablesOf({ html }: Report): Map<string, string[][]> {
  const tables = [...html.matchAll(/<caption>(.*?)<\/caption>(.*?)<\/table>/gs)];
  return new Map(
    tables.map(([, caption, rest]) => [
      caption,
      [...rest.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
        [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => cell.replace(/<[^>]*>/g, '')),
      ),
    ]),
  );
}

const FORBIDDEN = /<script|<iframe|<object|<embed|<form|<base|javascript:|@import/i;
const HANDLER = /<[^>]*\son\w+=/i;
const UNSEEN = /[^\P{Cc}\n\t]|\u202e/u;
const NOTHING = /NaN|undefined<|\[object/;

/** What no page may hold: anything that runs, is fetched or sends something. */
function expectHarmless({ html }: Report): void {
  const found = [FORBIDDEN, UNSEEN, NOTHING].map((pattern) => pattern.exec(html)?.[0]);
  const handler = HANDLER.exec(html.replaceAll(/"[^"]*"/g, '""'))?.[0];
  expect([...found, handler]).toEqual([undefined, undefined, undefined, undefined]);
  const addresses = [...html.matchAll(/\s(?:src|href|xlink:href|action|srcset)="([^"]*)"/g)];
  for (const [, address] of addresses) expect(address).toMatch(/^(data:|#)/);
  for (const [, address] of html.matchAll(/url\(([^)]*)\)/g)) expect(address).toMatch(/^#/);
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)!;
  expect(policy.replaceAll('&#39;', "'")).toBe(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
  );
  const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
}

/** Says which words a page lacks; the page itself would fill the screen. */
const expectWords = ({ html }: Pick<Report, 'html'>, ...words: readonly string[]) =>
  expect(words.filter((word) => !html.includes(word))).toEqual([]);

const significant = (value: number) => Number(value.toPrecision(4));
const numberIn = (cell: string) => Number(cell.replaceAll(',', ''));

describe('of a run that predicts classes', () => {
  let run: string;
  let report: Report;
  beforeAll(async () => {
    run = await classRun('classes');
    report = await makeReport(run);
  });

  it('has the numbers of evaluate', async () => {
    const holdout = await makeReport(run, { data: classes });
    const evaluation = await (await loadModel(run)).evaluate(classes);
    const tables = tablesOf(holdout);
    const metrics = tables.get(`Metrics of the rows of ${classes}`)!;
    for (const [name, { value }] of Object.entries(evaluation.scores)) {
      const row = metrics.find(([metric]) => metric === name);
      if (value !== null && !name.endsWith('Micro')) expect(numberIn(row![1]), name).toBe(significant(value));
    }
    const perClass = tables.get('Precision, recall and F1 of each class')!;
    expect(perClass.slice(1).map(([, ...cells]) => cells.map(numberIn))).toEqual(
      evaluation.perClass!.map(({ precision, recall, f1, rows }) =>
        [precision, recall, f1, rows].map((value) => significant(value!)),
      ),
    );
    const [confusion] = [...tables].filter(([caption]) => caption.startsWith('Confusion matrix'));
    expect(
      confusion[1].slice(1).map((row) => row.slice(1).map((cell) => (cell === '·' ? 0 : Number(cell)))),
    ).toEqual(evaluation.confusion);
    expectHarmless(holdout);
  });

  it('has the metrics of the test rows that training printed, and the command', () => {
    const record = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'));
    const metrics = tablesOf(report).get('Metrics of the test rows')!;
    expect(numberIn(metrics.find(([name]) => name === 'loss')![1])).toBe(
      significant(record.result.test.loss),
    );
    const parts = tablesOf(report).get('Metrics by the rows they are of')!;
    expect(parts.map(([part]) => part)).toEqual(['Rows', 'training', 'validation', 'test']);
    expectWords(report, 'gradpool train classes --lr 0.05');
    expect(report).toMatchObject({ kind: 'run', path: join(run, 'report.html'), notes: [] });
  });

  it('has every section', () => {
    const titles = [...report.html.matchAll(/<h2[^>]*>(.*?)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'What was trained',
      'Training curves',
      'Metrics',
      'Classes',
      'ROC and precision-recall',
      'Calibration',
      'Confidently wrong',
      'Importance of columns',
      'Norms by layer',
      'Network',
      'Data as it was understood',
      'Machine and time',
    ]);
  });

  it('shows what comes from files as text', () => {
    expectHarmless(report);
    expectWords(report, '&lt;script&gt;alert(1)&lt;/script&gt;␛�', '␛[31mred�');
    expect(tablesOf(report).get('The most confidently wrong rows')![0]).toContain(
      HOSTILE.column.replace('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    );
  });

  it('of a run still going shows it as it stands, by its best weights so far', async () => {
    const going = copied(run, 'going', { status: 'running', ended: null, exitCode: null, result: null });
    rmSync(join(going, 'model.safetensors'));
    const { html, notes } = await makeReport(going);
    expectWords({ html }, 'This run has not ended: the report shows it as it stood after 4 epochs.');
    expectWords({ html }, 'Confidently wrong');
    expect(notes).toEqual(['The run has no model yet; its predictions are those of the best epoch so far.']);
  });

  it('of a run that failed says why, and of one that has no epoch yet too', async () => {
    const failed = copied(run, 'failed', {
      status: 'diverged',
      exitCode: 4,
      error: 'the loss is <not> finite',
      result: null,
    });
    for (const file of ['model.safetensors', 'metrics.jsonl', 'checkpoints'])
      rmSync(join(failed, file), { recursive: true });
    const report = await makeReport(failed);
    expectWords(report, 'This run diverged after 0 epochs: the loss is &lt;not&gt; finite');
    expectHarmless(report);
  });

  it('names damaged lines, and goes on without them', async () => {
    const damaged = copied(run, 'damaged', {});
    const lines = readFileSync(join(damaged, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const second = lines.findIndex((line) => line.includes('"epoch":2,'));
    lines[second] = lines[second].slice(0, 40);
    writeFileSync(join(damaged, 'metrics.jsonl'), `${lines.join('\n')}\n`);
    appendFileSync(
      join(damaged, 'metrics.jsonl'),
      '{"type":"epoch","epoch":"5","train":[]}\nnull\n{"type":"epo',
    );
    const { html, notes } = await makeReport(damaged);
    const named = (line: number) =>
      `${join(damaged, 'metrics.jsonl')}:${line}: the line is damaged and was passed over`;
    expect(notes).toEqual([second + 1, lines.length + 1, lines.length + 2, lines.length + 3].map(named));
    const epochs = [...html.matchAll(/<th scope="row" class="word short">([134])<\/th><td/g)].map(
      ([, epoch]) => epoch,
    );
    expect(epochs).toEqual(expect.arrayContaining(['1', '3', '4']));
  });

  it('without its data says so, and takes other rows', async () => {
    const moved = copied(run, 'moved', {});
    const config = readFileSync(join(moved, 'config.yaml'), 'utf8');
    writeFileSync(join(moved, 'config.yaml'), config.replaceAll(classes, join(folder, 'gone.csv')));
    const { html, notes } = await makeReport(moved);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^The data could not be read again, .*gone\.csv.*--data FILE takes other rows/);
    expectWords({ html }, 'Norms by layer');
    expect(html.includes('Confidently wrong')).toBe(false);
    expectWords(await makeReport(moved, { data: classes }), 'Confidently wrong');
  });
});

/** Copies a run, with other things in its record. */
function copied(run: string, name: string, changes: object): string {
  const copy = join(folder, name);
  cpSync(run, copy, { recursive: true });
  unseal(copy, changes);
  return copy;
}

it('of a run that predicts numbers shows residuals and the largest errors', async () => {
  const report = await makeReport(await valueRun('values'));
  expectHarmless(report);
  for (const words of [
    'Predicted against actual price',
    'Distribution of the residuals',
    'quantiles of the residuals',
  ])
    expectWords(report, words);
  const [, ...largest] = tablesOf(report).get('The largest errors of price')!;
  const errors = largest.map((row) => Math.abs(numberIn(row[3])));
  expect(errors).toEqual([...errors].sort((a, b) => b - a));
});

it('of images draws the rows', async () => {
  const report = await makeReport(await imageRun('pictures'));
  expectHarmless(report);
  const images = [
    ...report.html.matchAll(/<img alt="Row (\d+): (\d), taken for (\d)" width="4" height="4"/g),
  ];
  expect(images.length).toBeGreaterThan(0);
  for (const [, , is, taken] of images) expect(is).not.toBe(taken);
});

it('of a bag overlays its members', async () => {
  const report = await makeReport(await classRun('bag', { bag: 2, epochs: 2 }));
  expectHarmless(report);
  expectWords(report, '2 members of the bag, overlaid');
  expect(
    tablesOf(report)
      .get('every epoch')!
      .slice(1)
      .map(([name]) => name),
  ).toEqual(['member 1, 1', 'member 1, 2', 'member 2, 1', 'member 2, 2']);
});

it('of a cross-validation has each metric over the folds, and each fold', async () => {
  const place = await classRun('folds', { cv: 3, cvRepeats: 2, val: 0, test: 0, epochs: 2 });
  const { html } = await makeReport(place);
  const { cv } = JSON.parse(readFileSync(join(place, 'run.json'), 'utf8')).result;
  expect(html).toContain('The rows were parted into 3 folds, 2 times.');
  expect(html).toContain(metricText('accuracy', cv.scores.accuracy.mean));
  expect(html).toContain(metricText('accuracy', cv.outOfFold.accuracy));
  for (const { held } of cv.trained) expect(html).toContain(metricText('loss', held.loss));
});

describe('of a sweep', () => {
  let place: string;
  beforeAll(async () => {
    place = await smallSweep('sweep');
  });

  it('has the leaderboard, and the trials that failed with their reasons', async () => {
    const report = await makeReport(place);
    expectHarmless(report);
    const board = readFileSync(join(place, 'leaderboard.csv'), 'utf8').trimEnd().split('\n').slice(1);
    const [[, table]] = [...tablesOf(report)].filter(([caption]) => caption.startsWith('Configurations by'));
    const cells = table.slice(1).map(([rank, lr, optimizer, score]) => [rank, lr, optimizer, score]);
    const expected = board
      .map((line) => line.split(','))
      .map((row) => {
        return [row[0], row[1], row[2], row[7] === 'failed' || row[8] === 'failed' ? 'failed' : row[4]];
      });
    for (const [i, [rank, lr, optimizer, score]] of expected.entries()) {
      expect(cells[i].slice(0, 3)).toEqual([rank, lr, optimizer]);
      if (score === 'failed') expect(cells[i][3]).toBe('failed');
      else expect(numberIn(cells[i][3])).toBe(significant(Number(score)));
    }
    for (const title of [
      'Parallel coordinates',
      'Effect of each axis',
      'Learning curves',
      'The best against the others',
      'Failed trials',
    ])
      expectWords(report, `>${title}</h2>`);
    expect(/diverged at step \d/.test(report.html)).toBe(true);
  });

  it('names damaged lines and says that it has not ended', async () => {
    const going = join(folder, 'going-sweep');
    cpSync(place, going, { recursive: true });
    unsealSweep(going, { status: 'running', ended: null });
    appendFileSync(join(going, 'trials.jsonl'), '{"trial":');
    const { html, notes } = await makeReport(going);
    expectWords({ html }, 'This sweep has not ended: 12 of the 12 trials begun have ended.');
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/trials\.jsonl:25: the line is damaged and was passed over/);
  });

  it('of 200 trials stays below 3 MB', async () => {
    const large = join(folder, 'large');
    cpSync(place, large, { recursive: true });
    const { definition } = JSON.parse(readFileSync(join(large, 'sweep.json'), 'utf8'));
    const rates = Array.from({ length: 100 }, (_, i) => 0.001 * (i + 1));
    definition.axes = { lr: rates, 'hidden.0': [8], optimizer: ['sgd'] };
    unsealSweep(large, { definition });
    const epoch = (i: number, trial: number) => {
      const loss = 1 / (i + 1) + (trial % 7) / 50;
      return {
        type: 'epoch',
        epoch: i + 1,
        step: i,
        train: { loss },
        val: { loss, accuracy: 1 - loss / 3 },
        lr: 0.1,
        seconds: 1,
      };
    };
    const lines = rates.flatMap((lr, i) =>
      definition.seeds.map((seed: number, at: number) => {
        const trial = 2 * i + at + 1;
        const where = join(large, 'trials', String(trial).padStart(4, '0'));
        mkdirSync(where, { recursive: true });
        const log = Array.from({ length: 100 }, (_, e) => JSON.stringify(epoch(e, trial)));
        writeFileSync(join(where, 'metrics.jsonl'), log.join('\n'));
        const val = { loss: 0.1 + ((trial * 37) % 101) / 300, accuracy: 0.9 };
        const axes = { lr, 'hidden.0': 8, optimizer: 'sgd' };
        return {
          trial,
          axes,
          seed,
          epochs: 100,
          status: 'completed',
          reason: 'all 100 epochs',
          bestEpoch: 100,
          steps: 200,
          parameters: 9,
          train: val,
          val,
          test: null,
          weightsSha256: null,
        };
      }),
    );
    writeFileSync(join(large, 'trials.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const report = await makeReport(large);
    expect(report.html.length).toBeLessThan(3e6);
    expectWords(report, '<dd>200</dd>');
    expectHarmless(report);
  });
});

it('of a benchmark has its speed-ups', async () => {
  const file = benchFile('bench.json');
  const report = await makeReport(file);
  expectHarmless(report);
  expect(report).toMatchObject({ kind: 'bench', path: join(folder, 'bench.html') });
  const { strong } = JSON.parse(readFileSync(file, 'utf8'));
  const [[, table]] = [...tablesOf(report)].filter(([caption]) => caption.startsWith('strong scaling'));
  const found = table.slice(1).map((row) => Number.parseFloat(row[1]));
  const expected = strong.points.map(({ speedup }: { speedup: { value: number } | null }) =>
    speedup ? significant(speedup.value) : Number.NaN,
  );
  expect(found).toEqual(expected);
});

it('refuses what it cannot report on', async () => {
  await expect(makeReport(join(folder, 'none'))).rejects.toThrow(DataError);
  await expect(makeReport(folder)).rejects.toThrow(/neither a run's nor a sweep's folder/);
  await expect(makeReport(classes)).rejects.toThrow(/not JSON; expected the output of gradpool bench --json/);
  await expect(makeReport(benchFile('b.json'), { data: classes })).rejects.toThrow(UsageError);
});

it('writes PNG files', () => {
  const values = Uint8Array.from({ length: 3 * 2 * 3 }, (_, i) => 14 * i);
  const png = pngOf({ width: 3, height: 2, channels: 3, values });
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect(png.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082'); // the end of every PNG file
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  expect([width, height, png[24], png[25]]).toEqual([3, 2, 8, 2]);
  const length = png.readUInt32BE(33);
  const lines = inflateSync(png.subarray(41, 41 + length));
  expect([...lines]).toEqual([0, ...values.subarray(0, 9), 0, ...values.subarray(9)]);
});
