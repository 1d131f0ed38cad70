/** Runs `gradpool train` of a checkout on one split of a table, as a user would. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { about } from './folder.mjs';
import { timed } from './process.mjs';
import { scoresOfPredictions, scoresOfReport } from './scores.mjs';
import { splitFolder, testTargets } from './splitfiles.mjs';

/**
 * Trains on one split and returns scores and seconds, or the error.
 * @param options checkout: the folder whose dist/bin/gradpool.js is run; flags: further flags of
 * `gradpool train`; predict: whether `gradpool predict` is scored rather than the report believed;
 * coverage: whether to measure how often intervals or sets of level 0.9 hold the right answer
 */
export async function runGradpool({ checkout, flags, predict, coverage }, table, repeat, fold) {
  const { target, task } = about(table);
  const [split, targets] = [splitFolder(table, repeat, fold), testTargets(table, repeat, fold)];
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-suite-'));
  const gradpool = [process.execPath, join(checkout, 'dist', 'bin', 'gradpool.js')];
  const [run, test, predicted] = [join(folder, 'run'), join(split, 'test.csv'), join(folder, 'predicted')];
  const data = [join(split, 'train.csv'), '--target', target, '--test', test];
  let times = {};
  try {
    const { stdout, ...spent } = await timed([
      ...gradpool,
      'train',
      ...data,
      '--out',
      run,
      '--json',
      ...flags,
    ]);
    times = spent;
    const report = JSON.parse(stdout);
    const scores = scoresOfReport(report.test, task, targets);
    const result = { ...scores, ...times, trainSeconds: report.wallSeconds, epochs: report.epochs };
    if (coverage) {
      const evaluated = await timed([...gradpool, 'evaluate', run, test, '--json']);
      result.coverage = JSON.parse(evaluated.stdout).uncertainty?.coverage;
    }
    if (!predict) return result;
    await timed([...gradpool, 'predict', run, test, '--format', 'jsonl', '--output', predicted]);
    const rows = readFileSync(predicted, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    return { ...result, ...scoresOfPredictions(rows, target, task, targets), reported: scores };
  } catch (error) {
    return { error: error.message.slice(0, 300), ...times };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
