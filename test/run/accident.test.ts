/** A training recovers by itself from what happens to its workers, and comes to the same bits. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent, TrainEvent } from '#src/train/events.js';

const workerFile = fileURLToPath(new URL('../fixtures/workers/dying.mjs', import.meta.url));
// There are enough weights here for the workers to update them in slices.
const options: TrainOptions = {
  data: 'spirals',
  hidden: [400, 400],
  batch: 40,
  epochs: 5,
  optimizer: 'adam',
  checkpointEvery: 7,
  watchdog: 1,
  val: 0.2,
};
let folder: string;
let sound: EndEvent;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-accident-'));
  sound = (await all(train({ ...options, workers: 0 }, { out: null }))).at(-1) as EndEvent;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function all(events: AsyncIterable<TrainEvent>): Promise<TrainEvent[]> {
  const seen: TrainEvent[] = [];
  for await (const event of events) if (event.type !== 'step') seen.push(event);
  return seen;
}

let runs = 0;
/** Trains with an accident in the first task of a kind that a thread begins, and returns what was told. */
async function withAccident(accident: string, kind: string, written: boolean) {
  const out = join(folder, String(++runs));
  const marker = `${out}.marker`;
  const events = await trainedWith(accident, kind, marker, written ? out : null);
  expect(existsSync(marker)).toBe(true);
  const retries = events.filter(({ type }) => type === 'retry');
  return { out, end: events.at(-1) as EndEvent, retries };
}

function trainedWith(accident: string, kind: string, marker: string, out: string | null) {
  Object.assign(process.env, {
    GRADPOOL_TEST_MARKER: marker,
    GRADPOOL_TEST_ACCIDENT: accident,
    GRADPOOL_TEST_KIND: kind,
    GRADPOOL_TEST_AT: '1',
  });
  return all(train({ ...options, workers: 2 }, { out, workerFile }));
}

describe.each(['gradient', 'update'])('in the %s of a batch', (kind) => {
  it.each([
    ['exit', true],
    ['throw', false],
    ['loop', true],
    ['loop', false],
  ])('an accident (%s; written to disk: %j) changes no bit', async (accident, written) => {
    const { end, retries } = await withAccident(accident, kind, written);
    expect(end.weightsSha256).toBe(sound.weightsSha256);
    expect(end.val).toEqual(sound.val);
    expect(end.steps).toBe(sound.steps);
    const messages = retries.map((event) => (event as { message: string }).message);
    const lost = expect.stringMatching(/: going back to the checkpoint after step \d+$/);
    if (kind === 'update') expect(messages).toContainEqual(lost);
    else expect(messages).not.toContainEqual(lost);
    if (accident === 'loop') expect(messages[0]).toBe('a worker made no progress for 1 s and was ended');
  });
});

it('is recorded among the metrics', async () => {
  const { out } = await withAccident('exit', 'update', true);
  expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8')).toContain('going back to the checkpoint after');
});
