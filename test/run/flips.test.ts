/**
 * Every truncation and a flipped bit in every byte of every file of a small run is noticed and named in one
 * line, or changes nothing: never other bits, never a stack. Here some of them, evenly spread; all of them
 * with ALL_FLIPS=1, which also prints how many there were of each kind.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UserError } from '#src/errors.js';
import { readModel } from '#src/model/read.js';
import { decodeSafetensors } from '#src/model/safetensors.js';
import { readCheckpoint } from '#src/run/checkpoint.js';
import { readRun } from '#src/run/folder.js';
import { readMetrics } from '#src/run/metricsfile.js';
import { resume, train } from '#src/run/train.js';
import type { EndEvent, TrainEvent } from '#src/train/events.js';
import { damaged, type Files, filesOf, SMALL_RUN, writeRun } from '../faults/damagedfiles.mjs';

const ALL = process.env.ALL_FLIPS === '1';
/** Damages of each file that are tried where not all are, and of those that a whole run goes on from. */
const SAMPLE = 24;
const RESUMED = 4;

let folder: string;
/** Files of a run that was interrupted after an epoch, and of the same run that was not, by their names. */
let half: Files;
let whole: Files;
let sha: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-flips-'));
  const run = join(folder, 'run');
  sha = (await last(train(SMALL_RUN, { out: run }))).weightsSha256;
  whole = filesOf(run);
  rmSync(run, { recursive: true });
  const abort = new AbortController();
  for await (const event of train(SMALL_RUN, { out: run, signal: abort.signal })) {
    if (event.type === 'step' && event.step === 5) abort.abort();
  }
  half = filesOf(run);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function last(events: AsyncGenerator<TrainEvent>, see: (event: TrainEvent) => void = () => {}) {
  let found: TrainEvent | undefined;
  for await (const event of events) {
    see(event);
    found = event;
  }
  return found as EndEvent;
}

/** Returns the file cut short at each length, and with a bit flipped in each byte: all, or so many. */
function damages(bytes: Buffer, count: number): { what: string; bytes: Buffer }[] {
  const step = Math.max(1, bytes.length / (count / 2));
  const places = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => Math.floor(i * step));
  return places.flatMap((at) => [damaged(bytes, 2 * at), damaged(bytes, 2 * at + 1)]);
}

/** Writes a run's folder, with one of its files damaged. */
function place(files: Files, name: string, bytes: Buffer): string {
  const run = join(folder, 'run');
  writeRun(run, files, name, bytes);
  return run;
}

/** What became of a damage: it was refused, told of on the way to the same bits, or it changes nothing. */
type Outcome = 'refused' | 'told' | 'harmless';

/** Returns whether `use` refuses what is damaged in one line that names the file; throws what is no such. */
async function outcome(name: string, use: () => Promise<Outcome> | Outcome): Promise<Outcome> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).not.toContain('\n');
    expect(error.message).toContain(name);
    return 'refused';
  }
}

async function resumed(run: string, name: string): Promise<Outcome> {
  let told = false;
  const end = await last(resume(run), (event) => {
    told ||= event.type === 'retry' && event.message.includes(name);
  });
  expect(end.weightsSha256).toBe(sha);
  return told ? 'told' : 'harmless';
}

/** Returns the outcome of reading what must be as it was, unless it is refused. */
function read(value: unknown, before: string): Outcome {
  expect(JSON.stringify(value)).toBe(before);
  return 'harmless';
}

function logged(run: string, before: readonly string[]): Outcome {
  const { notes, events } = readMetrics(run);
  const strange = events.map((event) => JSON.stringify(event)).filter((event) => !before.includes(event));
  expect(strange).toEqual([]);
  return notes.length > 0 ? 'told' : 'harmless';
}

/** Tries damages of a file; returns how often each outcome was, and which damages were harmless. */
async function tried(
  files: Files,
  name: string,
  use: (run: string) => Promise<Outcome> | Outcome,
  count = ALL ? Number.POSITIVE_INFINITY : SAMPLE,
) {
  const counts: Record<Outcome, number> = { refused: 0, told: 0, harmless: 0 };
  const harmless: string[] = [];
  for (const { what, bytes } of damages(files.get(name)!, count)) {
    const found = await outcome(name, () => use(place(files, name, bytes))).catch((error) => {
      throw new Error(`${name}, ${what}: ${error.message}`, { cause: error });
    });
    counts[found]++;
    if (found === 'harmless') harmless.push(what);
  }
  if (ALL) console.log(`${name}: ${JSON.stringify(counts)}${harmless.length > 0 ? ` ${harmless}` : ''}`);
  return counts;
}

const CHECKPOINTS = [
  ['checkpoints/last.safetensors', 2],
  ['checkpoints/last-1.safetensors', 2],
  ['checkpoints/best.safetensors', 0],
] as const;
const patient = { timeout: ALL ? 3_600_000 : 60_000 };

it.each(CHECKPOINTS)('in %s is told of, on the way to the same bits', patient, async (name, slots) => {
  const { tensors } = decodeSafetensors(half.get(name)!, name);
  const { length } = tensors.get('weights')!.data;
  const checkpoint = (run: string) => readCheckpoint(join(run, name), length, slots);
  const before = JSON.stringify(checkpoint(place(half, name, half.get(name)!)));
  const counts = await tried(half, name, (run) => read(checkpoint(run), before));
  expect(counts.refused).toBeGreaterThan(counts.harmless);
  const through = await tried(half, name, (run) => resumed(run, name), RESUMED);
  expect(through.told).toBeGreaterThan(0);
});

it('in all checkpoints makes a run begin again, to the same bits', async () => {
  const name = 'checkpoints/best.safetensors';
  const run = place(half, name, Buffer.alloc(0));
  for (const [other] of CHECKPOINTS) writeFileSync(join(run, other), '');
  const said: string[] = [];
  const end = await last(resume(run), (event) => event.type === 'retry' && said.push(event.message));
  expect(end.weightsSha256).toBe(sha);
  expect(said).toHaveLength(1);
  for (const [other] of CHECKPOINTS) expect(said[0]).toContain(other);
  expect(said[0]).toMatch(/no checkpoint is left; beginning again from the start, to the same weights$/);
});

it.each(['run.json', 'config.yaml'])('in %s is refused', patient, async (name) => {
  for (const files of [half, whole]) {
    const before = JSON.stringify(readRun(place(files, name, files.get(name)!)));
    const counts = await tried(files, name, (run) => read(readRun(run), before));
    expect(counts.refused).toBeGreaterThan(counts.harmless);
  }
  await tried(half, name, (run) => resumed(run, name), RESUMED);
});

it('in metrics.jsonl changes no bits, and is refused where it is read', patient, async () => {
  const name = 'metrics.jsonl';
  const { events } = readMetrics(place(half, name, half.get(name)!));
  const before = events.map((event) => JSON.stringify(event));
  const counts = await tried(half, name, (run) => logged(run, before));
  expect(counts.refused).toBeGreaterThan(0);
  await tried(half, name, (run) => resumed(run, name), RESUMED);
});

it('in a model is refused', patient, async () => {
  const name = 'model.safetensors';
  const model = (run: string) => {
    const { layers, ...found } = readModel(join(run, name));
    return found;
  };
  const before = JSON.stringify(model(place(whole, name, whole.get(name)!)));
  const counts = await tried(whole, name, (run) => read(model(run), before));
  expect(counts.refused).toBeGreaterThan(counts.harmless);
});

it('--force goes on with an edited configuration, and says and records that', async () => {
  const edited = Buffer.from(half.get('config.yaml')!.toString().replace('lr: 0.01\n', 'lr: 0.02\n'));
  const run = place(half, 'config.yaml', edited);
  await expect(last(resume(run))).rejects.toThrow(/config\.yaml: was changed or cut .* --force$/);
  let notes: readonly string[] = [];
  const end = await last(resume(run, { force: true }), (event) => {
    if (event.type === 'start') notes = event.notes;
  });
  expect(end.weightsSha256).not.toBe(sha);
  expect(notes.at(-1)).toMatch(/^--force: .*config\.yaml: was changed .*; the bits may differ/);
  const { record } = readRun(run);
  expect(record.forced).toEqual([expect.stringContaining('config.yaml: was changed')]);
  expect(record.configs).toHaveLength(2);
});

it('a checkpoint of another run is named, and one of its own taken', async () => {
  const other = join(folder, 'other');
  await last(train({ ...SMALL_RUN, seed: 2 }, { out: other }));
  const name = 'checkpoints/last.safetensors';
  const run = place(half, name, readFileSync(join(other, name)));
  const said: string[] = [];
  const end = await last(resume(run), (event) => event.type === 'retry' && said.push(event.message));
  expect(end.weightsSha256).toBe(sha);
  expect(said.join()).toMatch(/last\.safetensors: it is of another run; /);
});
