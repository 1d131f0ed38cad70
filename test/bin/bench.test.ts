import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { STEP_PARTS } from '#src/bench/profile.js';
import { benchText } from '../../dist/bin/render/bench.js';
import { madeReport } from '../bench/report.js';
import { Place } from './cli.js';

const place = new Place();
afterAll(() => place.remove());

const TINY = [
  ...['--network', '12-8-3', '--batch', '16', '--workers', '1,2', '--kernels', 'portable'],
  ...['--seconds', '0.1', '--rounds', '3'],
];
const bench = (...args: string[]) => place.gradpool(['bench', ...args]);

describe('gradpool bench', () => {
  it('--json is one document with every raw time, and --plot an SVG', async () => {
    const ended = await bench(...TINY, '--only', 'strong,weak', '--json', '--plot', 'x.svg');
    expect(ended.code).toBe(0);
    const report = JSON.parse(ended.stdout);
    expect(report).toMatchObject({
      format: 'gradpool-bench',
      version: 1,
      machine: { gradpool: expect.any(String), node: process.versions.node, cpu: expect.any(String) },
      settings: { network: [12, 8, 3], batch: 16, workers: [0, 1, 2], kernels: 'portable', rounds: 3 },
      batch: null,
      target: null,
      growth: null,
      proof: { workers: [0, 1, 2], identical: true },
    });
    for (const point of [...report.strong.points, ...report.weak.points, report.strong.oneShard]) {
      expect(point.times).toHaveLength(3);
      expect(Object.keys(point.breakdown)).toEqual([...STEP_PARTS]);
    }
    expect(report.limits.map(({ workers }: { workers: number }) => workers)).toEqual([0, 1, 2]);
    for (const { flops, bytes, seconds, share } of report.limits) {
      expect(flops).toBe(16 * report.flopsPerRow);
      expect(bytes).toBeGreaterThan(0);
      expect(seconds * share).toBeGreaterThan(0);
    }
    expect(ended.stderr).toContain('12-8-3: batch 16, workers 0, 1, 2 in turn, portable kernels');
    expect(ended.stderr).toContain('measuring weak scaling …\n');
    expect(readFileSync(place.path('x.svg'), 'utf8')).toMatch(/^<svg[\s\S]*Speed-up[\s\S]*<\/svg>\n$/);
  });

  it('prints tables, where the time goes, and the proof', async () => {
    const { stdout, stderr, code } = await bench(...TINY, '--quiet', '--data', 'iris', '--accuracy', '0.6');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const title of ['Strong scaling', 'Weak scaling', 'Batch size', 'Time to 60 %: 4-8-3 on iris']) {
      expect(stdout).toContain(title);
    }
    expect(stdout).toContain("where a step's time goes");
    expect(stdout).toMatch(/^break-even: /m);
    expect(stdout).toMatch(/^ +2 +[\d.]+ (?:[nmµ]s|s) +[\d.]+ – [\d.]+ +[\d,]+ +[\d.]+ +\d+ % +[\d.]+× /m);
    expect(stdout).toMatch(
      /^weights identical for 0, 1, 2: yes \(sha256 [0-9a-f]{64}, after \d+ steps each; the same in \d+ other/m,
    );
  });

  it('--csv is a line a point, --markdown has tables', async () => {
    const csv = await bench(...TINY, '--only', 'strong', '--csv');
    const [header, ...lines] = csv.stdout.trimEnd().split('\n');
    const names = header.split(',');
    expect(names.slice(0, 4)).toEqual(['part', 'workers', 'shards', 'batch']);
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line.split(',')).toHaveLength(names.length);
    const cell = (line: string, name: string) => line.split(',')[names.indexOf(name)];
    expect(lines.map((line) => cell(line, 'workers'))).toEqual(['0', '1', '2', '0']);
    expect(Number(cell(lines[2], 'speedup'))).toBeGreaterThan(0);
    expect(cell(lines[0], 'speedup')).toBe('');

    const { stdout } = await bench(...TINY, '--only', 'strong', '--markdown');
    expect(stdout).toMatch(/^### Strong scaling: 16 rows/m);
    expect(stdout).toMatch(/^\| 2 \| [\d.]+ (?:[nmµ]s|s) \|/m);
    const columns = (line: string) => line.split('|').length;
    const [scaling, limits] = stdout.split('### Limit of a step');
    expect(limits).toMatch(/^\| 2 \| [\d.]+ MFLOP \|.*\| \d+ % \|$/m);
    const table = scaling.split('\n').filter((line) => /^\| (workers|---:|\d)/.test(line));
    expect(new Set(table.map(columns)).size).toBe(1);
    expect(stdout).toContain('**weights identical for 0, 1, 2: yes');
  });

  it.each([
    [['--only', 'strong,stron'], 2, `--only: expected some of`],
    [['--network', '784-x'], 2, '--network: expected the widths'],
    [['--workers', '-1'], 2, 'workers: expected whole numbers'],
    [['--batch', '1', '--workers', '2'], 2, 'batch: 1 is smaller than the 2 workers'],
    [['--json', '--csv'], 2, '--json and --csv exclude each other'],
    [['--plot', 'x.png'], 2, 'ends in .svg'],
    [['--plot', 'nowhere/x.svg'], 3, 'there is no folder'],
    [['--fail-if-slower', '5%'], 2, 'belongs to gradpool bench compare'],
    [['--ranks', '2', '--only', 'strong'], 2, '--ranks measures one curve: leave out --only'],
    [['--ranks', '2', '--mpiexec', 'no-such'], 2, 'there is no no-such here, by which ranks are started'],
    [
      ['scale', 'no-such.json'],
      3,
      'no-such.json: no such file; expected the output of gradpool bench --ranks',
    ],
    [['--data', 'nope', '--only', 'target'], 3, 'nope: neither a file'],
    [['measure'], 2, "unknown action 'measure'"],
  ])('%j ends with exit code %d in one line', async (args, code, message) => {
    const ended = await bench(...args);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' });
    expect(ended.stderr).toMatch(/^gradpool: .*\n$/);
    expect(ended.stderr).toContain(message);
    expect(existsSync(place.path('x.png'))).toBe(false);
  });
});

it.each([0.001, 1, 400])('tables fit a line of 112 characters for steps of %f × 2 ms', (factor) => {
  const lines = benchText(madeReport({ factor })).split('\n');
  const rows = lines.filter((line) => /^ +\d/.test(line));
  expect(rows.length).toBeGreaterThanOrEqual(5); // three worker counts, one shard, a batch
  // The widest holds 100 million samples a second.
  expect(Math.max(...rows.map(({ length }) => length))).toBeLessThanOrEqual(112);
});

describe('gradpool bench compare', () => {
  const file = (name: string, factor: number) =>
    place.write(name, JSON.stringify(madeReport({ factor, seed: factor === 1 ? 1 : 2 })));
  const old = file('old.json', 1);
  const slow = file('slow.json', 1.2);

  it('passes the gate for the same report, and exits with 5 for a slower one', async () => {
    const same = await bench('compare', old, old, '--fail-if-slower', '5%');
    expect(same).toMatchObject({ code: 0, stderr: '' });
    expect(same.stdout).toContain('gate passed: nothing is slower by more than 5 %');
    const slower = await bench('compare', old, slow, '--fail-if-slower', '0.05');
    expect(slower.code).toBe(5);
    expect(slower.stdout).toContain('slower, beyond the gate');
    expect(slower.stderr).toMatch(
      /^gradpool: gate not met: .*2 workers \(\+\d+\.\d %\).*by more than 5 %\n$/,
    );
    expect((await bench('compare', old, slow)).code).toBe(0);
    expect((await bench('compare', slow, old, '--fail-if-slower', '5%')).code).toBe(0);
  });

  it('lists what only one report holds a line each, and shortens a long list', async () => {
    const report = madeReport();
    const others = Array.from({ length: 30 }, (_, index) => ({
      ...report.strong!.points[0],
      batch: 1000 + index,
    }));
    const many = { ...report, strong: { ...report.strong!, points: [...report.strong!.points, ...others] } };
    const { stdout, code } = await bench('compare', old, place.write('many.json', JSON.stringify(many)));
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^only in the new report:\n( {2}strong 16-8-4, batch 10\d\d, in-process\n){8} {2}… and 22 more/m,
    );
    expect(stdout).toContain('no difference: the whole interval lies within ±5 %');
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThan(140);
  });

  it('--json', async () => {
    const { stdout, code } = await bench('compare', old, slow, '--json', '--fail-if-slower', '5%');
    expect(code).toBe(5);
    const comparison = JSON.parse(stdout);
    expect(comparison).toMatchObject({ gate: 0.05, failed: true, unmatched: { old: [], new: [] } });
    expect(comparison.points[0]).toMatchObject({ verdict: 'slower', failed: true });
  });

  it.each([
    [['compare'], 2, 'needs two reports'],
    [['compare', 'a.json', 'b.json'], 3, 'a.json: no such file'],
    [['compare', place.write('not.json', '{'), 'b.json'], 3, 'not JSON'],
    [['compare', place.write('null.json', 'null'), 'b.json'], 3, "not a benchmark's report"],
    [['compare', place.write('other.json', '{"name":1}'), 'b.json'], 3, "not a benchmark's report"],
    [['compare', place.write('v9.json', '{"format":"gradpool-bench","version":9}'), 'b'], 3, 'version 9'],
    [['compare', 'a', 'b', '--fail-if-slower', 'x'], 2, 'expected a percentage'],
    [['compare', 'a', 'b', '--fail-if-slower', '5'], 2, 'write 5% for that many percent'],
    [['compare', 'a', 'b', '--batch', '8'], 2, 'leave out --batch'],
  ])('%j', async (args, code, message) => {
    const ended = await bench(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(/^gradpool: .*\n$/);
    expect(ended.stderr).toContain(message);
  });
});
