/** Runs `gradpool train` of a checkout on one split of a table, as a user would. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { about } from './folder.mjs';
import { splitFolder } from './splitfiles.mjs';
import { variance } from './statistics.mjs';

/**
 * Trains on one split and returns scores and seconds, or the error.
 * @param checkout the folder whose dist/bin/gradpool.js is run
 * @param flags further flags of `gradpool train`
 */
export async function runGradpool(checkout, flags, table, repeat, fold) {
  const { target, task } = about(table);
  const split = splitFolder(table, repeat, fold);
  const out = mkdtempSync(join(tmpdir(), 'gradpool-suite-'));
  const command = [process.execPath, join(checkout, 'dist', 'bin', 'gradpool.js'), 'train'];
  const data = [join(split, 'train.csv'), '--target', target, '--test', join(split, 'test.csv')];
  try {
    const rest = ['--out', join(out, 'run'), '--json', ...flags];
    const { code, stdout, stderr, ...times } = await timed([...command, ...data, ...rest]);
    if (code !== 0) return { error: lastLine(stderr) || `exit code ${code}`, ...times };
    const report = JSON.parse(stdout);
    const scores = scoresOf(report.test, task, () => variance(targetsOf(join(split, 'test.csv'))));
    return { ...scores, ...times, trainSeconds: report.wallSeconds, epochs: report.epochs };
  } catch (error) {
    return { error: error.message.slice(0, 300) };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** Takes the scores out of gradpool's report. Its loss of classes is the log loss, unless a flag changes it. */
export function scoresOf({ loss, accuracy, rmse }, task, varianceOfTargets) {
  if (task === 'classification') return { accuracy: known(accuracy), logLoss: known(loss) };
  return { rmse: known(rmse), r2: 1 - rmse ** 2 / varianceOfTargets() };
}

function known(value) {
  if (!Number.isFinite(value)) throw new Error(`the report's test holds ${value} where a score is expected`);
  return value;
}

/** Reads the numbers of the last column; the suite's tables have the target there, without quotes. */
function targetsOf(file) {
  const [, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => Number(line.slice(line.lastIndexOf(',') + 1)));
}

/**
 * Runs a command and measures its seconds and those of all its threads. The shell's `times` tells the latter:
 * its second line holds the minutes and seconds of children, in user and in system mode.
 */
function timed(command) {
  const script = '"$@"; code=$?; echo "#times" >&2; times >&2; exit $code';
  const began = performance.now();
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = ['', ''];
  [child.stdout, child.stderr].forEach((stream, at) => {
    stream.setEncoding('utf8').on('data', (text) => {
      texts[at] += text;
    });
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const [stderr, spent = ''] = texts[1].split('#times\n');
      const times = spent.split('\n')[1]?.match(/[\d.]+m[\d.]+s/g) ?? [];
      const seconds = times.map((time) => time.split(/[ms]/).map(Number));
      const cpuSeconds = seconds.reduce((sum, [minutes, rest]) => sum + 60 * minutes + rest, 0);
      resolve({ code, stdout: texts[0], stderr, seconds: (performance.now() - began) / 1000, cpuSeconds });
    });
  });
}

function lastLine(text) {
  return text.trim().split('\n').at(-1).slice(0, 300);
}
