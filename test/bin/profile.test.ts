import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSeconds } from '#src/train/profile.js';
import { profileText } from '../../dist/bin/render/profile.js';
import { flowers, Place } from './cli.js';

const place = new Place();
beforeAll(() => void place.write('flowers.csv', flowers(200)));
afterAll(() => place.remove());

const LINE = 'train flowers.csv -t kind --hidden 8 --batch 50 --epochs 5 --val 0.2';
const run = (line: string) => place.gradpool(line.split(' '));
const PARTS = [
  'data',
  'forward',
  'backward',
  'wait',
  'sum',
  'update',
  'evaluation',
  'saving',
  'refit',
  'rest',
];

describe('--profile', () => {
  it('leaves the bits alone; with --json the parts add up to the wall time', async () => {
    const plain = JSON.parse((await run(`${LINE} --workers 2 --out plain --json`)).stdout);
    expect(plain).not.toHaveProperty('profile');
    const ended = await run(`${LINE} --workers 2 --out profiled --profile --json`);
    expect(ended.code, ended.stderr).toBe(0);
    const { profile, weightsSha256, wallSeconds, steps } = JSON.parse(ended.stdout);
    expect(weightsSha256).toBe(plain.weightsSha256);
    expect(profile.steps).toBe(steps);
    expect(Object.keys(profile.seconds).sort()).toEqual([...PARTS].sort());
    const seconds = Object.values(profile.seconds as Record<string, number>);
    expect(seconds.reduce((sum, part) => sum + part, 0)).toBeCloseTo(wallSeconds, 6);
    expect(profile.seconds.rest).toBeGreaterThanOrEqual(0);

    const { traceEvents } = JSON.parse(readFileSync(place.path(profile.trace), 'utf8'));
    const named = traceEvents.filter(({ name }: { name: string }) => name === 'thread_name');
    expect(named.map(({ args }: { args: { name: string } }) => args.name)).toEqual([
      'coordinator',
      'worker 1',
      'worker 2',
    ]);
    for (const tid of [0, 1, 2]) {
      const own = traceEvents.filter(
        (event: { ph: string; tid: number }) => event.ph === 'X' && event.tid === tid,
      );
      expect(own.length).toBeGreaterThanOrEqual(steps);
    }
  });

  it('shows a table to people, and where the trace lies; resume takes it as well', async () => {
    const { stdout } = await run(`${LINE} --workers 0 --out people --profile`);
    expect(stdout).toMatch(/^part +s +ms\/step +share$/m);
    for (const part of [...PARTS, 'steps', 'run']) expect(stdout).toMatch(new RegExp(`^${part} +\\d`, 'm'));
    expect(stdout).toMatch(/^run +\d.* 100\.0 % {2}wall time$/m);
    expect(stdout).toMatch(/^trace +people\/trace\.json$/m);
    expect(stdout).toContain('ui.perfetto.dev');
    const resumed = await run('resume people --epochs 6 --profile --json');
    expect(JSON.parse(resumed.stdout).profile).toMatchObject({ trace: 'people/trace.json', rows: 160 });
  });

  it('shows its table in a line of 80 characters, up to seconds a step', () => {
    const seconds = Object.fromEntries(PARTS.map((part) => [part, 99])) as unknown as RunSeconds;
    const text = profileText({ steps: 100, rows: 5000, seconds, trace: null }, 2);
    const table = text.split('\n\n')[1].split('\n');
    expect(table).toHaveLength(1 + PARTS.length + 2);
    expect(Math.max(...table.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it.each(['dry-run', 'print-config'])('does not go with --%s', async (flag) => {
    expect(await run(`${LINE} --profile --${flag}`)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `gradpool: --profile measures a training, and --${flag} trains nothing: drop one of them\n`,
    });
  });

  it('is completed', async () => {
    const asked = ['--get-yargs-completions', 'gradpool', 'resume', 'run', '--pro'];
    expect((await place.gradpool(asked, { SHELL: '/bin/bash' })).stdout).toContain('--profile');
  });
});
