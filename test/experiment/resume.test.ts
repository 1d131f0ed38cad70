/**
 * A sweep is never lost: killed at any instant, it goes on to the leaderboard of the one that never stopped.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { DataError, DivergedError, UsageError } from '#src/errors.js';
import type { SweepStartEvent } from '#src/experiment/events.js';
import { resumeSweep, sweep } from '#src/experiment/sweep.js';
import { train } from '#src/run/train.js';
import { endOf, leaderboard, SMALL, sweepKilledAfter } from './sweeps.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-resume-'));
const path = (...names: string[]) => join(folder, ...names);
let whole: string;

const HALVING = {
  base: { ...SMALL.base, epochs: 9 },
  axes: { lr: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001, 1e30] },
  search: 'halving',
} as const;

beforeAll(async () => {
  await endOf(sweep(SMALL, { out: path('whole'), parallel: 1 }));
  await endOf(sweep(HALVING, { out: path('halving'), parallel: 1 }));
  whole = leaderboard(path('whole'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('resumeSweep', () => {
  it.each([1, 3, 8, 20, 33])('after SIGKILL at event %i ends in the same leaderboard', async (events) => {
    const out = path(`killed-${events}`);
    expect(await sweepKilledAfter(events, SMALL, out)).toBe('SIGKILL');
    expect((await endOf(resumeSweep(out, { parallel: 2 }))).status).toBe('completed');
    expect(leaderboard(out)).toBe(whole);
  });

  it.each([4, 30, 45])(
    'after SIGKILL at event %i of a halving ends in the same leaderboard',
    async (events) => {
      const out = path(`halved-${events}`);
      expect(await sweepKilledAfter(events, HALVING, out)).toBe('SIGKILL');
      await endOf(resumeSweep(out));
      expect(leaderboard(out)).toBe(leaderboard(path('halving')));
    },
  );

  it('goes on after an interruption, and again', async () => {
    const out = path('interrupted');
    let events: ReturnType<typeof sweep> = sweep(SMALL, { out, parallel: 1 });
    for (const ended of [2, 3]) {
      const abort = new AbortController();
      let count = 0;
      if (ended === 2) events = sweep(SMALL, { out, parallel: 1, signal: abort.signal });
      else events = resumeSweep(out, { parallel: 1, signal: abort.signal });
      for await (const event of events) {
        if (event.type === 'trialEnd' && ++count === ended) abort.abort();
        if (event.type === 'end')
          expect(event).toMatchObject({ status: 'interrupted', reason: 'interrupted' });
      }
    }
    expect((await endOf(resumeSweep(out))).status).toBe('completed');
    expect(leaderboard(out)).toBe(whole);
  });

  it('names a damaged line, passes it over and trains its trial again', async () => {
    const out = path('killed-33');
    const file = join(out, 'trials.jsonl');
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const index = lines.findIndex((line) => line.includes('"completed"'));
    lines[index] = lines[index].slice(0, 60);
    writeFileSync(file, lines.join('\n'));
    appendFileSync(file, '\n{"trial":');
    const notes: string[] = [];
    for await (const event of resumeSweep(out)) if (event.type === 'start') notes.push(...event.notes);
    expect(notes.filter((note) => note.includes('is damaged'))).toEqual([
      expect.stringContaining(`${file}:${index + 1}:`),
      expect.stringContaining(`${file}:${lines.length + 1}:`),
    ]);
    expect(leaderboard(out)).toBe(whole);
  });

  it('has its own files under checksums', async () => {
    const out = path('killed-33');
    const change = (name: string, from: string | RegExp, to: string) => {
      const text = readFileSync(join(out, name), 'utf8');
      writeFileSync(join(out, name), text.replace(from, to));
      return () => writeFileSync(join(out, name), text);
    };
    const restore = change('sweep.json', '"searchSeed": 1', '"searchSeed": 2');
    await expect(endOf(resumeSweep(out))).rejects.toThrow(/sweep\.json: was changed or damaged/);
    restore();
    change('trials.jsonl', /"loss":0\.\d/, '"loss":0.0');
    change('leaderboard.csv', /\d/, '9');
    change('sweep.yaml', '# gradpool', '# Gradpool');
    const notes: string[] = [];
    for await (const event of resumeSweep(out)) if (event.type === 'start') notes.push(...event.notes);
    for (const told of [
      /sweep\.yaml: was changed after the sweep had last read it$/,
      /leaderboard\.csv: was changed, damaged or lost/,
      /trials\.jsonl:\d+: the line is damaged \(its checksum does not match\)/,
    ])
      expect(notes).toContainEqual(expect.stringMatching(told));
    expect(leaderboard(out)).toBe(whole);
  });

  it('takes more values of a grid, more seeds, and ends as the larger sweep', async () => {
    const out = path('grown');
    await endOf(sweep({ ...SMALL, axes: { lr: [0.1], optimizer: ['adam'] } }, { out }));
    const larger = { ...SMALL, axes: { lr: [0.01, 0.1], optimizer: ['sgd', 'adam'] }, seeds: 3 };
    edit(out, (definition) => Object.assign(definition, larger));
    let done = 0;
    for await (const event of resumeSweep(out)) if (event.type === 'round') done += event.done;
    expect(done).toBe(2);
    await endOf(sweep(larger, { out: path('larger') }));
    expect(leaderboard(out)).toBe(leaderboard(path('larger')));
  });

  it.each([
    ['a lost value', { axes: { lr: [0.1], optimizer: ['sgd', 'adam'] } }, /axis lr has lost a value/],
    ['another score', { score: 'train_loss' }, /score was "val_loss" and is now "train_loss"/],
    ['another base', { base: { ...SMALL.base, epochs: 5 } }, /epochs was 4 and is now 5/],
    ['a lost seed', { seeds: [1] }, /seed 2 is gone/],
    ['a lost axis', { axes: { lr: [0.1, 0.01, 1e30] } }, /the axes were lr, optimizer and are now lr/],
  ])('refuses %s', async (_, change, message) => {
    const out = path('whole');
    const text = readFileSync(join(out, 'sweep.yaml'), 'utf8');
    edit(out, (definition) => Object.assign(definition, change));
    await expect(endOf(resumeSweep(out))).rejects.toThrow(message);
    writeFileSync(join(out, 'sweep.yaml'), text);
  });

  it('refuses other data, and a folder that is no sweep', async () => {
    const data = path('points.csv');
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 7},${i % 2 ? 'a' : 'b'}`);
    writeFileSync(data, `x,y,kind\n${rows.join('\n')}\n`);
    const base = { data, target: 'kind', epochs: 1, hidden: [4], val: 0.2 };
    await endOf(sweep({ base, axes: { lr: [0.1, 0.2] } }, { out: path('table') }));
    appendFileSync(data, '9,9,a\n');
    await expect(endOf(resumeSweep(path('table')))).rejects.toThrow(
      /not the data that the sweep was begun with/,
    );
    await expect(endOf(resumeSweep(path('nowhere')))).rejects.toThrow(DataError);
  });
});

function edit(out: string, change: (definition: object) => void): void {
  const file = join(out, 'sweep.yaml');
  const definition = parse(readFileSync(file, 'utf8'));
  change(definition);
  writeFileSync(file, stringify(definition));
}

describe('a rung', () => {
  it('ends where a training to that epoch ends, and its survivors go on to the bits of a whole training', async () => {
    const lines = readFileSync(path('halving', 'trials.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ status }) => status === 'completed');
    expect(lines.map(({ epochs }) => epochs)).toEqual([...Array(8).fill(1), 3, 3, 3, 9]);
    // With a constant rate, a training that is planned for fewer epochs takes the same steps.
    for (const { epochs, axes, seed, weightsSha256, trial } of [lines[0], lines[9], lines.at(-1)]) {
      const events = train({ ...HALVING.base, epochs, ...axes, seed, refit: false }, { out: null });
      let digest = '';
      for await (const event of events) if (event.type === 'end') digest = event.weightsSha256;
      expect(digest, `trial ${trial}`).toBe(weightsSha256);
    }
  });
});

describe('a sweep', () => {
  it('with failFast ends at the first trial that fails, and can be resumed', async () => {
    const out = path('fast');
    const axes = { lr: [1e30, 0.1] };
    const events = sweep({ ...SMALL, axes }, { out, parallel: 1, failFast: true });
    await expect(endOf(events)).rejects.toThrow(DivergedError);
    const end = await endOf(resumeSweep(out));
    expect(end.leaderboard.map(({ status }) => status)).toEqual(['completed', 'failed']);
  });

  it('with a time limit says that it depends on the machine, and can be resumed', async () => {
    const out = path('limited');
    let start: SweepStartEvent | undefined;
    const base = { ...SMALL.base, epochs: 4000 };
    for await (const event of sweep(
      { base, axes: { lr: [0.1, 0.2] } },
      { out, timeLimit: 0.5, parallel: 1 },
    )) {
      if (event.type === 'start') start = event;
      if (event.type === 'end') {
        expect(event).toMatchObject({ status: 'interrupted', reason: 'the time limit of 0.5 seconds' });
      }
    }
    expect(start!.notes.join()).toContain('depends on the machine');
  });

  it('trains the best configuration on all rows with refit', async () => {
    const end = await endOf(
      sweep({ ...SMALL, axes: { lr: [0.1, 0.01] }, refit: true }, { out: path('refitted') }),
    );
    const record = JSON.parse(readFileSync(join(end.refit!, 'run.json'), 'utf8'));
    expect(record).toMatchObject({ status: 'completed', result: { refit: { rows: 200 } } });
    await expect(endOf(sweep({ ...SMALL, refit: true }, { out: null }))).rejects.toThrow(UsageError);
  });
});
