/**
 * A run's folder, a sweep's, a model and a configuration from a stranger are data: they load and reach
 * nothing.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resumeSweep } from '#src/experiment/sweep.js';
import { openSubject } from '#src/explain/subject.js';
import { readModel } from '#src/model/read.js';
import { readRun } from '#src/run/folder.js';
import { resume, train } from '#src/run/train.js';
import { Place } from '../bin/cli.js';
import { failure } from '../data/helpers.js';
import { unseal } from '../support/unsealed.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-hostile-'));
const outside = join(folder, 'outside');
const EVIL = join(folder, 'evil.so');
const library = { path: EVIL, interface: 'CBLAS', version: 'CBLAS', bf16: false };
let run: string;

beforeAll(async () => {
  writeFileSync(EVIL, 'this would be code');
  mkdirSync(outside);
  run = join(folder, 'run');
  const options = { data: 'xor', hidden: [2], epochs: 2, workers: 0, kernels: 'portable' } as const;
  for await (const event of train(options, { out: run })) void event;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Copies the run and lets `spoil` change the copy. */
function copy(name: string, spoil: (path: (part: string) => string) => void): string {
  const to = join(folder, name);
  cpSync(run, to, { recursive: true });
  for (const part of ['last-1', 'best-1'])
    rmSync(join(to, 'checkpoints', `${part}.safetensors`), { force: true });
  spoil((part) => join(to, part));
  return to;
}

async function goOn(from: string): Promise<void> {
  for await (const event of resume(from, { epochs: 3, workers: 0 })) void event;
}

describe('a library that a file names', () => {
  it('is not loaded from run.json', async () => {
    const from = copy('record', (path) => unseal(path(''), { kernels: 'native', library }));
    expect(await failure(() => goOn(from))).toMatch(/^2: .*evil\.so is not a library that this machine/);
  });

  it('is not loaded from config.yaml', async () => {
    const from = copy('config', (path) => {
      appendFileSync(path('config.yaml'), `nativeLibrary: ${EVIL}\n`);
      unseal(path(''), { kernels: 'native', library: null });
    });
    const message = await failure(() => goOn(from)).catch(() => 'went on without it');
    expect(message).not.toMatch(/cannot load .*evil/);
    for await (const event of resume(from, { epochs: 4, kernels: 'portable' })) void event;
    expect(await failure(() => openSubject({ path: join(from, 'config.yaml') }))).toMatch(/^2: .*evil\.so/);
  });

  it('is not loaded from a sweep', async () => {
    const sweep = join(folder, 'sweep');
    mkdirSync(join(sweep, 'trials'), { recursive: true });
    const definition = {
      base: { data: 'xor', kernels: 'native', nativeLibrary: EVIL },
      axes: {},
      seeds: [1],
    };
    writeFileSync(join(sweep, 'sweep.yaml'), JSON.stringify(definition));
    const record = {
      gradpool: '0.1.0',
      status: 'interrupted',
      started: '2026-01-01T00:00:00.000Z',
      ended: null,
      error: null,
      argv: [],
      cwd: sweep,
      definition,
      kernels: null,
      data: [],
    };
    writeFileSync(join(sweep, 'sweep.json'), JSON.stringify(record));
    expect(await failure(() => resumeSweep(sweep).next())).toMatch(/^2: .*evil\.so/);
    writeFileSync(join(sweep, 'sweep.yaml'), JSON.stringify({ ...definition, base: { data: 'xor' } }));
    const kernels = { name: 'native', library };
    writeFileSync(join(sweep, 'sweep.json'), JSON.stringify({ ...record, kernels }));
    expect(await failure(() => resumeSweep(sweep).next())).toMatch(/^2: .*evil\.so/);
  });
});

const PARTS = [
  'run.json',
  'config.yaml',
  'metrics.jsonl',
  'model.safetensors',
  'checkpoints/last.safetensors',
];

describe.skipIf(process.platform === 'win32')('a part of a folder that', () => {
  const use = async (from: string, part: string) => {
    if (part === 'model.safetensors') readModel(from);
    else await goOn(from);
  };

  it('leads elsewhere is not followed', async () => {
    for (const part of [...PARTS, 'checkpoints']) {
      const from = copy(`link-${part.replace('/', '-')}`, (path) => {
        renameSync(path(part), join(outside, part.replace('/', '-')));
        symlinkSync(join(outside, part.replace('/', '-')), path(part));
      });
      expect(await failure(() => use(from, part)), part).toMatch(/^3: .*a symbolic link/);
    }
  });

  it('is no file is not waited for', async () => {
    for (const part of PARTS) {
      const from = copy(`fifo-${part.replace('/', '-')}`, (path) => {
        rmSync(path(part));
        execFileSync('mkfifo', [path(part)]);
      });
      if (part.startsWith('checkpoints')) await goOn(from);
      else expect(await failure(() => use(from, part)), part).toMatch(/^3: .*(a FIFO|there is no such)/);
    }
  });

  it('is a link that leads nowhere is not written through', async () => {
    const target = join(outside, 'made');
    const from = copy('dangling', (path) => {
      rmSync(path('metrics.jsonl'));
      symlinkSync(target, path('metrics.jsonl'));
    });
    expect(await failure(() => goOn(from))).toMatch(/^3: .*a symbolic link/);
    expect(existsSync(target)).toBe(false);
  });
});

it('a folder for event files that config.yaml names is not written to', async () => {
  const strange = join(folder, 'strange');
  const from = copy('board', (path) => {
    unseal(path(''));
    appendFileSync(path('config.yaml'), `tensorboard: ${strange}\n`);
  });
  const config = join(from, 'config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('tensorboard: false\n', ''));
  const notes: string[] = [];
  for await (const event of resume(from, { epochs: 3, workers: 0 }))
    if (event.type === 'start') notes.push(...event.notes);
  expect(notes.join()).toContain(`there are no event files of this run in ${join(strange, 'board')}`);
  expect(existsSync(strange)).toBe(false);
  expect(existsSync(join(from, 'tensorboard'))).toBe(true);
});

it('a path in run.json does not say where a run lies that is complete', async () => {
  const elsewhere = join(folder, 'elsewhere');
  const from = copy('moved', (path) => {
    const { result } = JSON.parse(readFileSync(path('run.json'), 'utf8'));
    unseal(path(''), { result: { ...result, run: elsewhere } });
  });
  for await (const event of resume(from)) if (event.type === 'end') expect(event.run).toBe(from);
});

it('a configuration that is a bomb is refused in one line', async () => {
  const from = copy('bomb', (path) => writeFileSync(path('config.yaml'), 'a: &a [*a]\nlr: *a\n'));
  expect(await failure(() => readRun(from))).toMatch(/^3: .*config\.yaml: /);
});

it('names and cells that steer a terminal are written out, but not in JSON', async () => {
  const place = new Place();
  const name = 'b\x1b[31m\x1b]0;t\x07\u202e\x9b2J';
  place.write(
    't.csv',
    `a,${name},y\n${Array.from({ length: 30 }, (_, i) => `${i % 7},${i % 5},\x1b[2J${i % 2}`).join('\n')}\n`,
  );
  const [text, json, error, stored] = await Promise.all([
    place.gradpool(['inspect', 't.csv']),
    place.gradpool(['inspect', 't.csv', '--json']),
    place.gradpool(['inspect', 't\x1b[31m.csv']),
    place.gradpool(['inspect', 't.csv', '-t', name]),
  ]);
  for (const { stdout, stderr } of [text, error, stored]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those that must not be there
    expect(stdout + stderr).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
  }
  expect(text.stdout).toContain('b\\x1b[31m\\x1b]0;t\\x07\\u202e\\x9b2J');
  expect(error.stderr).toContain('t\\x1b[31m.csv');
  expect(JSON.parse(json.stdout).parts[0].columns[1].name).toBe(name);
  place.remove();
}, 120_000);
