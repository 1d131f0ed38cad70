/** A run is verified by training it again, and a fault that an audit finds ends a run that can go on. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GateError, UsageError } from '#src/errors.js';
import { resume, train } from '#src/run/train.js';
import { type VerifiedEvent, type VerifyOptions, verify } from '#src/run/verify.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent, TrainEvent } from '#src/train/events.js';

let folder: string;
let whole: EndEvent;
/** Six epochs of four steps, early weights kept. */
const options: TrainOptions = {
  data: 'iris',
  hidden: [8],
  epochs: 6,
  batch: 36,
  optimizer: 'adam',
  dropout: 0.1,
  checkpointEvery: 3,
  workers: 0,
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-verify-'));
  whole = await last(train(options, { out: join(folder, 'whole') }));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function last(events: AsyncIterable<TrainEvent>): Promise<EndEvent> {
  let end: TrainEvent | undefined;
  for await (const event of events) end = event;
  return end as EndEvent;
}

async function verified(run: string, more: VerifyOptions = {}): Promise<VerifiedEvent> {
  let found: VerifiedEvent | null = null;
  for await (const event of verify(join(folder, run), more)) if (event.type === 'verified') found = event;
  return found!;
}

/** Copies the whole run and changes one of its files. */
function changed(name: string, file: string, change: (text: string) => string): string {
  cpSync(join(folder, 'whole'), join(folder, name), { recursive: true });
  const path = join(folder, name, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
  return name;
}

const contents = (run: string) =>
  (
    readdirSync(run, { recursive: true, withFileTypes: true }) as {
      name: string;
      parentPath: string;
      isFile(): boolean;
    }[]
  )
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'base64')]);

describe('a run', () => {
  it('is verified by other workers and other kernels, and its folder stays as it is', async () => {
    const before = contents(join(folder, 'whole'));
    const { weightsSha256, kernels } = whole;
    const event = await verified('whole');
    expect(event).toMatchObject({ equal: true, difference: null, epochs: 6, weightsSha256 });
    expect(event.checkpoints.at(-1)).toBe(24);
    expect(event.recorded).toEqual({ workers: 0, kernels });
    expect(event.again.workers).toBe(2);
    if (kernels === 'jit') expect(event.again.kernels).toBe('wasm');
    expect(contents(join(folder, 'whole'))).toEqual(before);
  });

  it('is compared up to a step', async () => {
    const event = await verified('whole', { steps: 9, workers: 0 });
    expect(event).toMatchObject({ equal: true, epochs: 2, weightsSha256: null });
    await expect(verified('whole', { steps: 2 })).rejects.toThrow(/can be compared by begins after step 4/);
  });

  it('that was interrupted is compared with its checkpoint', async () => {
    const abort = new AbortController();
    for await (const event of train(options, { out: join(folder, 'half'), signal: abort.signal })) {
      if (event.type === 'step' && event.step === 10) abort.abort();
    }
    const event = await verified('half', { workers: 0 });
    expect(event).toMatchObject({ equal: true, epochs: 2, weightsSha256: null });
    expect(event.checkpoints.at(-1)).toBe(10);
  });

  it('that has other metrics is not the same', async () => {
    const run = changed('changed', 'metrics.jsonl', (text) =>
      text.replace(/"crc32":"[0-9a-f]{8}",("type":"epoch","epoch":3,.*?"val":{"loss":)/, '$11'),
    );
    const event = await verified(run, { workers: 0 });
    expect(event).toMatchObject({ equal: false, epochs: 3, weightsSha256: null });
    expect(event.difference).toMatch(/^epoch 3 \(step 12\): validation metrics: the run has {"/);
  });

  it('that is a bag is verified as a whole', async () => {
    const bag = { data: 'iris', hidden: [4], epochs: 2, bag: 2, workers: 0 };
    await last(train(bag, { out: join(folder, 'bag') }));
    expect(await verified('bag', { workers: 1 })).toMatchObject({ equal: true, epochs: 4 });
    await expect(verified('bag/members/1')).rejects.toThrow(UsageError);
    await expect(verified('bag', { steps: 3 })).rejects.toThrow(/leave out --steps/);
  });
});

describe('a run that is audited', () => {
  it('says how much, and has the same bits', async () => {
    const end = await last(train({ ...options, audit: '50%' }, { out: join(folder, 'audited') }));
    expect(end.weightsSha256).toBe(whole.weightsSha256);
    expect(end.audited).toBeGreaterThan(60);
    const record = JSON.parse(readFileSync(join(folder, 'audited', 'run.json'), 'utf8'));
    expect(record.result.audited).toBe(end.audited);
    const metrics = readFileSync(join(folder, 'audited', 'metrics.jsonl'), 'utf8');
    expect(metrics.match(/one thread computes its shards twice/g)).toHaveLength(1);
    expect(whole.audited).toBeUndefined();
  });

  it('ends at a fault, and goes on to the same bits', async () => {
    const out = join(folder, 'faulty');
    Object.assign(process.env, { GRADPOOL_TEST_FLIP: '13,2,7', GRADPOOL_TEST_MARKER: `${out}.marker` });
    const workerFile = fileURLToPath(new URL('../fixtures/workers/flipping.mjs', import.meta.url));
    const run = last(train({ ...options, workers: 2, audit: 1 }, { out, workerFile }));
    await expect(run).rejects.toThrow(GateError);
    const record = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
    expect(record).toMatchObject({ status: 'failed', exitCode: 5 });
    expect(record.error).toMatch(/^audit: shard 2 of step 14 \(epoch 4/);
    expect((await last(resume(out, { workers: 0, audit: 0 }))).weightsSha256).toBe(whole.weightsSha256);
  });
});
