/** A run's log keeps the epochs of its folds apart. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readRunLog } from '#src/report/run/log.js';

it('has a curve for each fold', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-log-'));
  const line = (epoch: number, fold: number) => {
    const measured = { train: { loss: fold / epoch }, val: null, lr: 0.1, seconds: 1, best: true };
    return JSON.stringify({ type: 'epoch', epoch, fold, ...measured });
  };
  const lines = [line(1, 2), line(1, 10), line(2, 10), line(2, 2)];
  writeFileSync(join(folder, 'metrics.jsonl'), `${lines.join('\n')}\n`);
  const { curves } = readRunLog(folder);
  rmSync(folder, { recursive: true });
  expect(curves.map(({ name, kind }) => [name, kind])).toEqual([
    ['fold 2', 'fold'],
    ['fold 10', 'fold'],
  ]);
  expect(curves.map(({ epochs }) => epochs.map(({ train }) => train.loss))).toEqual([
    [2, 1],
    [10, 5],
  ]);
});
