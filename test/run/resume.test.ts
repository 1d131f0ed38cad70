/** Promise P3: a run is never lost, and goes on to the bits of the run that never stopped. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DivergedError } from '#src/errors.js';
import { type ResumeOptions, type RunOptions, resume, train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent, TrainEvent } from '#src/train/events.js';
import { endOf } from '../support/ending.js';
import { writeIdxFolder } from '../support/idx.js';
import { killedAfter } from '../support/killed.js';

let folder: string;
let options: TrainOptions;
let whole: EndEvent;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-run-'));
  const data = writeIdxFolder(join(folder, 'data'), { train: 400, test: 60 });
  options = { data, val: 0.2, hidden: [12], batch: 25, epochs: 6, optimizer: 'adam', lr: 0.01, workers: 0 };
  whole = await endOf(train(options, { out: join(folder, 'whole') }));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Trains until `stop` says so, then aborts as Ctrl-C does. */
async function interrupted(
  out: string,
  stop: (event: TrainEvent) => boolean,
  more: Partial<TrainOptions> = {},
) {
  const abort = new AbortController();
  const run: RunOptions = { out, signal: abort.signal };
  let last: TrainEvent | undefined;
  for await (const event of train({ ...options, ...more }, run)) {
    if (stop(event)) abort.abort();
    last = event;
  }
  return last as EndEvent;
}

describe('a run', () => {
  it('leaves its files', () => {
    const names = [
      'run.json',
      'config.yaml',
      'metrics.jsonl',
      'model.safetensors',
      'checkpoints/last.safetensors',
    ];
    for (const name of names) expect(existsSync(join(folder, 'whole', name)), name).toBe(true);
    const record = JSON.parse(readFileSync(join(folder, 'whole', 'run.json'), 'utf8'));
    expect(record).toMatchObject({ status: 'completed', exitCode: 0, seed: 1 });
    expect(record.result.weightsSha256).toBe(whole.weightsSha256);
    const lines = readFileSync(join(folder, 'whole', 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const epochs = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'epoch');
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(epochs.at(-1).train).toEqual(whole.train);
  });

  it('is repeated by its config.yaml', async () => {
    const { parse } = await import('yaml');
    const config = parse(readFileSync(join(folder, 'whole', 'config.yaml'), 'utf8'));
    expect((await endOf(train(config, { out: null }))).weightsSha256).toBe(whole.weightsSha256);
  });

  it('refuses a folder that exists', async () => {
    await expect(endOf(train(options, { out: join(folder, 'whole') }))).rejects.toThrow(
      /holds a run already/,
    );
  });
});

describe('resume', () => {
  it.each([
    [1, 2],
    [7, 1],
    [13, 3],
    [39, 0],
  ])('after an interrupt at step %i, with %i workers, ends in the same bits', async (step, workers) => {
    const out = join(folder, `interrupted-${step}`);
    const stopped = await interrupted(out, (event) => event.type === 'step' && event.step === step);
    expect(stopped).toMatchObject({ status: 'interrupted', steps: step });
    const resumed = await endOf(resume(out, { workers }));
    expect(resumed.weightsSha256).toBe(whole.weightsSha256);
    expect({ train: resumed.train, val: resumed.val, test: resumed.test }).toEqual({
      train: whole.train,
      val: whole.val,
      test: whole.test,
    });
  });

  it('goes on with another number of workers every time', async () => {
    const out = join(folder, 'many-times');
    let last = await interrupted(out, (event) => event.type === 'step' && event.step === 5, { workers: 1 });
    for (const workers of [2, 0, 3, 1]) {
      const abort = new AbortController();
      const sitting: ResumeOptions = { workers, signal: abort.signal };
      let steps = 0;
      for await (const event of resume(out, sitting)) {
        if (event.type === 'step' && ++steps === 20) abort.abort();
        if (event.type === 'end') last = event;
      }
    }
    expect(last.status).toBe('completed');
    expect(last.weightsSha256).toBe(whole.weightsSha256);
  });

  it('after SIGKILL at any instant ends in the same bits', async () => {
    for (const step of [1, 15]) {
      const out = join(folder, `killed-${step}`);
      expect(await killedAfter(step, options, out)).toBe('SIGKILL');
      const resumed = await endOf(resume(out));
      expect(resumed.weightsSha256, `killed after step ${step}`).toBe(whole.weightsSha256);
    }
  });

  it('restores the best weights of early stopping, interrupted or not', async () => {
    const stopping = {
      ...options,
      optimizer: 'sgd',
      lr: 0.9,
      momentum: 0.95,
      epochs: 40,
      patience: 2,
    } as const;
    const early = await endOf(train(stopping, { out: join(folder, 'early') }));
    expect(early.status).toBe('early-stopped');
    expect(early.epochs).toBe((early.bestEpoch ?? 0) + 2);
    const out = join(folder, 'early-interrupted');
    const at = 13 * ((early.bestEpoch ?? 0) + 1);
    await interrupted(out, (event) => event.type === 'step' && event.step === at, stopping);
    const resumed = await endOf(resume(out));
    expect(resumed.weightsSha256).toBe(early.weightsSha256);
    expect(resumed.val).toEqual(early.val);
  });

  it('goes on for longer when asked, as if it had been planned so', async () => {
    const out = join(folder, 'longer');
    cpSync(join(folder, 'whole'), out, { recursive: true });
    const longer = await endOf(train({ ...options, epochs: 9 }, { out: null }));
    expect((await endOf(resume(out, { epochs: 9 }))).weightsSha256).toBe(longer.weightsSha256);
  });

  it('of a run that is complete gives its result', async () => {
    const events = [];
    for await (const event of resume(join(folder, 'whole'))) events.push(event);
    expect(events).toEqual([JSON.parse(JSON.stringify(whole))]);
  });

  it('refuses what cannot go on', async () => {
    await expect(endOf(resume(join(folder, 'whole'), { epochs: 3 }))).rejects.toThrow(
      /can only go on for longer/,
    );
    await expect(endOf(resume(join(folder, 'nothing')))).rejects.toThrow(/not a run's folder/);
  });

  it('refuses other data', async () => {
    const out = join(folder, 'otherdata');
    await interrupted(out, (event) => event.type === 'step' && event.step === 20);
    const labels = join(folder, 'data', 'train-labels-idx1-ubyte');
    const original = readFileSync(labels);
    const changed = Buffer.from(original);
    changed[8] = (changed[8] + 1) % 3;
    writeFileSync(labels, changed);
    await expect(endOf(resume(out))).rejects.toThrow(/not the data/);
    writeFileSync(labels, original);
  });
});

describe('a diverging run', () => {
  it('names step, layer and rows, keeps its weights and the last good checkpoint', async () => {
    const out = join(folder, 'diverging');
    const run = endOf(train({ ...options, optimizer: 'sgd', lr: 1e6 }, { out }));
    await expect(run).rejects.toThrow(DivergedError);
    await expect(run).rejects.toThrow(
      /diverged at step \d+ \(epoch 1\): layer \d+ \(\w+ \d+->\d+\) .* data row \d+/,
    );
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({
      status: 'diverged',
      exitCode: 4,
    });
    expect(existsSync(join(out, 'checkpoints', 'last.safetensors'))).toBe(true);
    expect(existsSync(join(out, 'model.safetensors'))).toBe(false);
  });
});
