/** Event files: checksums against published vectors, files against what TensorBoard read in them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { resume, train } from '#src/run/train.js';
import { crc32c } from '#src/tensorboard/crc32c.js';
import { recordOf } from '#src/tensorboard/records.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EpochEvent, TrainEvent } from '#src/train/events.js';
import { readEventFiles, recordsIn } from '../support/eventfiles.js';

const FIXTURE = fileURLToPath(new URL('../fixtures/tensorboard', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gradpool-board-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('CRC-32C', () => {
  const rising = Uint8Array.from({ length: 32 }, (_, i) => i);
  it.each([
    // RFC 3720, appendix B.4, and the check value of the catalogue of CRCs
    ['32 bytes of 0', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of 255', new Uint8Array(32).fill(255), 0x62a8ab43],
    ['0 … 31', rising, 0x46dd794e],
    ['31 … 0', rising.toReversed(), 0x113fdb5c],
    ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ])('of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});

describe('a record', () => {
  it('is refused where any of its bytes is another', () => {
    const record = recordOf(new TextEncoder().encode('loss'));
    expect(recordsIn(record)).toEqual([new TextEncoder().encode('loss')]);
    for (let at = 0; at < record.length; at++) {
      const damaged = record.slice();
      damaged[at] ^= 4;
      expect(() => recordsIn(damaged)).toThrow();
    }
  });
});

describe('what TensorBoard read in event files', () => {
  const expected = JSON.parse(readFileSync(join(FIXTURE, 'read.json'), 'utf8'));
  it.each(Object.keys(expected))('of %s is what they hold', (name) => {
    const { scalars, ...rest } = readEventFiles(join(FIXTURE, 'logs', name));
    const { scalars: wanted, ...others } = expected[name];
    expect(rest).toEqual(others);
    const speed = scalars.samples_per_second?.map(([step]) => step);
    expect({ ...scalars, ...(speed && { samples_per_second: speed }) }).toEqual(
      Object.fromEntries(
        Object.entries<[number, number][]>(wanted).map(([tag, pairs]) => [
          tag,
          tag === 'samples_per_second'
            ? pairs
            : pairs.map(([step, value]) => [step, Number(value.toFixed(7))]),
        ]),
      ),
    );
  });

  it('of a run that went back after a crash has each step once', () => {
    expect(expected.crashed.scalars['loss/train'].map(([step]: [number]) => step)).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
  });
});

const OPTIONS: TrainOptions = {
  data: 'moons:80',
  hidden: [3],
  epochs: 4,
  batch: 32,
  val: 0.2,
  test: 0.1,
  keep: 'last',
  workers: 0,
  kernels: 'portable',
};

async function all(events: AsyncGenerator<TrainEvent>): Promise<TrainEvent[]> {
  const found: TrainEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

describe('a training with event files', () => {
  it('has its history in them, also over an interruption', async () => {
    const out = join(folder, 'run');
    const abort = new AbortController();
    const epochs: EpochEvent[] = [];
    for await (const event of train({ ...OPTIONS, tensorboard: true }, { out, signal: abort.signal })) {
      if (event.type === 'epoch') epochs.push(event);
      if (epochs.length === 2) abort.abort();
    }
    const events = await all(resume(out));
    epochs.push(...events.filter((event) => event.type === 'epoch'));
    const end = events.at(-1)!;

    const board = join(out, 'tensorboard');
    expect(readdirSync(board)).toHaveLength(2);
    const { scalars, charts } = readEventFiles(board);
    const rounded = (value: number) => Number(Math.fround(value).toFixed(7));
    const pairs = (value: (epoch: EpochEvent) => number) =>
      epochs.map((epoch) => [epoch.step, rounded(value(epoch))]);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(scalars['loss/train']).toEqual(pairs(({ train }) => train.loss));
    expect(scalars['accuracy/val']).toEqual(pairs(({ val }) => val!.accuracy!));
    expect(scalars.learning_rate).toEqual(pairs(({ lr }) => lr));
    expect(scalars['loss/test']).toEqual([[8, rounded(end.type === 'end' ? end.test!.loss : 0)]]);
    expect(charts).toEqual({ loss: ['^loss/(train|val)$'], accuracy: ['^accuracy/(train|val)$'] });
  });

  it('has the same weights as without, whose members and refit have folders of their own', async () => {
    const sha = async (more: Partial<TrainOptions>, name: string) => {
      const end = (await all(train({ ...OPTIONS, epochs: 1, ...more }, { out: join(folder, name) }))).at(-1)!;
      return end.type === 'end' ? end.weightsSha256 : null;
    };
    const logs = join(folder, 'logs');
    expect(await sha({ bag: 2, tensorboard: logs }, 'bag')).toBe(await sha({ bag: 2 }, 'plain'));
    await sha({ refit: true, keep: 'best', tensorboard: logs }, 'refitted');
    const folders = readdirSync(logs, { recursive: true }).map(String);
    expect(folders.filter((name) => !name.includes('tfevents')).sort()).toEqual([
      'bag',
      'bag/1',
      'bag/2',
      'refitted',
      'refitted/refit',
    ]);
    expect(Object.keys(readEventFiles(join(logs, 'refitted/refit')).scalars)).toContain('loss/test');
  });

  it('goes on where they cannot be written, and says so once', async () => {
    const taken = join(folder, 'taken');
    writeFileSync(taken, '');
    const events = await all(train({ ...OPTIONS, tensorboard: taken }, { out: join(folder, 'unwritten') }));
    const notes = events.filter((event) => event.type === 'note');
    expect(notes.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^tensorboard: no more event files are written to .*taken.*; the training goes on$/,
      ),
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'completed' });
  });

  it('is refused where nothing is written', async () => {
    await expect(train({ ...OPTIONS, tensorboard: true }, { out: null }).next()).rejects.toThrow(
      /^tensorboard: .*leave out one of the two$/,
    );
  });
});
