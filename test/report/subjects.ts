/** What the tests of reports share: small runs, a sweep and a benchmark, made in a folder of their own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweep } from '#src/experiment/sweep.js';
import { train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import { madeReport } from '../bench/report.js';
import { endOf, SMALL } from '../experiment/sweeps.js';
import { writeIdxFolder } from '../support/idx.js';

export const folder = mkdtempSync(join(tmpdir(), 'gradpool-report-'));
export const removeFolder = () => rmSync(folder, { recursive: true });

/** A class, a column and a cell that would do harm in a page that believed them. */
export const HOSTILE = {
  class: '<script>alert(1)</script>\u001b\u202e',
  column: '"><img src=x onerror=alert(2)>',
  cell: `\u001b[31mred\u202e ${'long '.repeat(200)}`,
} as const;

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** Writes a table of two numbers, a word and a date, with a class or a number to predict. */
function writeTable(name: string, target: 'kind' | 'price', rows = 160): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const [a, b, word] = [(i * 37) % 23, (i * 53) % 29, ['red', HOSTILE.cell, 'a & b'][i % 3]];
    const noise = ((i * i * 29) % 31) / 31;
    const value = a / 10 + (b > 14 ? 1 : 0) + noise;
    const predicted = target === 'price' ? value.toFixed(3) : value > 1.8 ? HOSTILE.class : 'plain';
    return [a, b, quoted(word), `2024-${String(1 + (i % 12)).padStart(2, '0')}-11`, quoted(predicted)].join(
      ',',
    );
  });
  const file = join(folder, name);
  writeFileSync(file, `a,${quoted(HOSTILE.column)},word,day,${target}\n${lines.join('\n')}\n`);
  return file;
}

/** Trains to the end; returns the run's folder. */
async function trained(name: string, options: TrainOptions): Promise<string> {
  const out = join(folder, name);
  const shared = { preset: 'none', epochs: 4, hidden: [6], lr: 0.05, workers: 0 } as const;
  for await (const event of train({ ...shared, ...options }, { out, argv: ['train', name, '--lr', '0.05'] }))
    void event;
  return out;
}

export const classes = writeTable('classes.csv', 'kind');

export const classRun = (name: string, more: Partial<TrainOptions> = {}): Promise<string> =>
  trained(name, { data: classes, target: 'kind', val: 0.2, test: 0.3, ...more });

export const valueRun = (name: string): Promise<string> =>
  trained(name, { data: writeTable('values.csv', 'price'), target: 'price', val: 0.2 });

export const imageRun = (name: string): Promise<string> =>
  trained(name, { data: writeIdxFolder(join(folder, 'images'), { train: 120, test: 60 }), epochs: 1 });

export const planeRun = (name: string): Promise<string> =>
  trained(name, { data: 'blobs:60', val: 0.2, epochs: 8 });

export async function smallSweep(name: string): Promise<string> {
  const out = join(folder, name);
  await endOf(sweep(SMALL, { out, parallel: 1 }));
  return out;
}

export function benchFile(name: string): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(madeReport()));
  return file;
}
