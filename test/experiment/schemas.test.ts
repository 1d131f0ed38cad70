/** Files and documents against their JSON Schemas, and the readers against both. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { FORMAT_NAMES, FORMATS, jsonSchemaOf } from '#src/experiment/schemas.js';
import { resumeSweep, sweep } from '#src/experiment/sweep.js';
import { parseSweep } from '#src/experiment/sweepfile.js';
import { readTrialLines } from '#src/experiment/triallines.js';
import { readRun } from '#src/run/folder.js';
import { readMetrics } from '#src/run/metricsfile.js';
import { train } from '#src/run/train.js';
import { checkStored, type StoredFormat } from '#src/stored.js';
import type { TrainOptions } from '#src/train/config.js';
import type { TrainEvent } from '#src/train/events.js';
import { readArgs } from '../../dist/bin/args.js';
import type { Command } from '../../dist/bin/command.js';
import { evaluateCommand } from '../../dist/bin/commands/evaluate.js';
import { inspectCommand } from '../../dist/bin/commands/inspect.js';
import { predictCommand } from '../../dist/bin/commands/predict.js';
import { schemaCommand } from '../../dist/bin/commands/schema.js';
import { trainCommand } from '../../dist/bin/commands/train.js';
import { readConfigFile } from '../../dist/bin/config/file.js';
import { endOf } from './sweeps.js';

type Name = (typeof FORMAT_NAMES)[number];

const folder = mkdtempSync(join(tmpdir(), 'gradpool-formats-'));
const path = (...parts: string[]) => join(folder, ...parts);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a command in this process, with files in the folder of the tests, and returns what it prints. */
async function printed(command: Command, line: string): Promise<string> {
  const tokens = line.split(' ').map((word) => (/^(t\.csv|table-run)$/.test(word) ? path(word) : word));
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk, ...more) => {
    text += chunk;
    for (const done of more) if (typeof done === 'function') done();
    return true;
  });
  try {
    expect(await command.run(await readArgs(command, tokens))).toBe(0);
  } finally {
    write.mockRestore();
  }
  return text;
}

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
const validators = Object.fromEntries(
  FORMAT_NAMES.map((name) => [name, ajv.compile(jsonSchemaOf(name))]),
) as Record<Name, ValidateFunction>;

const BASE: TrainOptions = {
  data: 'moons:80',
  hidden: [3],
  epochs: 2,
  batch: 32,
  val: 0.2,
  workers: 0,
  kernels: 'portable',
};
let rounds = 0;

async function run(
  options: Partial<TrainOptions>,
  out: string,
  more: { profile?: boolean; stop?: number } = {},
) {
  const abort = new AbortController();
  const { profile = false, stop } = more;
  const events: TrainEvent[] = [];
  const training = train({ ...BASE, ...options }, { out: path(out), signal: abort.signal, profile });
  try {
    for await (const event of training) {
      events.push(event);
      if (event.type === 'step' && event.step === stop) abort.abort();
    }
  } catch {
    // A run that fails leaves its files too.
  }
  return events;
}

beforeAll(async () => {
  await run({ test: 0.2 }, 'plain', { profile: true });
  await run({ bag: 2, data: 'sine:60' }, 'bag');
  await run({ refit: true, test: 0.2 }, 'refit');
  await run({}, 'interrupted', { stop: 1 });
  await run({ lr: 1e30, epochs: 4 }, 'diverged');
  const axes = {
    lr: { from: 0.01, to: 0.1, points: 2 },
    optimizer: { values: ['sgd', 'adam'], when: { lr: 0.1 } },
  };
  const definition = { base: BASE, axes: { ...axes, maxNorm: [1e-3, 1e30] }, seeds: 1 } as const;
  const abort = new AbortController();
  for await (const event of sweep(definition, { out: path('sweep'), signal: abort.signal, parallel: 1 })) {
    if (event.type === 'trialEnd' && ++rounds === 2) abort.abort();
  }
  cpSync(path('sweep'), path('stopped'), { recursive: true });
  await endOf(resumeSweep(path('sweep')));
  await endOf(sweep({ base: BASE, axes: { lr: [0.1, 1e30] }, refit: true }, { out: path('failing') }));
});

const FILES: Readonly<Record<string, Name>> = {
  'run.json': 'run',
  'metrics.jsonl': 'metrics',
  'config.yaml': 'config',
  'sweep.json': 'sweep-record',
  'sweep.yaml': 'sweep',
  'trials.jsonl': 'trials',
};

function documentsIn(file: string): unknown[] {
  const text = readFileSync(file, 'utf8');
  if (file.endsWith('.yaml')) return [parse(text)];
  return file.endsWith('.json')
    ? [JSON.parse(text)]
    : text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

/** Returns every file that has a format below a folder. */
const filesBelow = (root: string): [string, Name][] =>
  readdirSync(root, { recursive: true })
    .map((name) => join(root, String(name)))
    .flatMap((file): [string, Name][] => (FILES[basename(file)] ? [[file, FILES[basename(file)]]] : []));

describe('a file', () => {
  it('that a run, a bag, a sweep or a failure leaves fits its schema and has a version', () => {
    const seen = new Map<Name, number>();
    for (const [file, name] of filesBelow(folder)) {
      const documents = documentsIn(file);
      for (const document of documents) {
        expect(validators[name](document) || [file, validators[name].errors]).toBe(true);
        checkStored(FORMATS[name].format as StoredFormat, document, file);
      }
      const versions = documents.map((document) => (document as { formatVersion?: number }).formatVersion);
      expect([file, versions.includes(1)]).toEqual([file, true]);
      seen.set(name, (seen.get(name) ?? 0) + documents.length);
    }
    expect([...seen.keys()].sort()).toEqual([...new Set(Object.values(FILES))].sort());
    for (const kind of ['start', 'workers', 'epoch', 'checkpoint', 'member', 'refit', 'refitEpoch', 'end']) {
      const lines = filesBelow(folder).flatMap(([file, name]) =>
        name === 'metrics' ? documentsIn(file) : [],
      );
      expect(lines.map((line) => (line as TrainEvent).type)).toContain(kind);
    }
    const statuses = filesBelow(folder).flatMap(([file, name]) =>
      name === 'run' || name === 'trials' ? documentsIn(file) : [],
    );
    for (const status of ['completed', 'interrupted', 'diverged', 'begun']) {
      expect(statuses.map((line) => (line as { status: string }).status)).toContain(status);
    }
  });

  it('of 0.1.0 fits its schema and is read', () => {
    const old = fileURLToPath(new URL('../fixtures/runs/0.1.0/interrupted', import.meta.url));
    for (const [file, name] of filesBelow(old)) {
      for (const document of documentsIn(file)) {
        expect(validators[name](document) || validators[name].errors).toBe(true);
      }
    }
    expect(readRun(old).record.status).toBe('interrupted');
    expect(readMetrics(old).events.length).toBeGreaterThan(3);
  });
});

describe('a document', () => {
  it('that a command prints fits its schema', async () => {
    const table = `a,b,kind\n${'1,2,x\n3,1,y\n2,2,x\n4,1,y\n'.repeat(20)}`;
    writeFileSync(path('t.csv'), table);
    const documents: [Name, string][] = [
      [
        'train',
        await printed(
          trainCommand,
          't.csv -t kind --hidden 3 --epochs 2 --quiet --json --workers 0 --out table-run',
        ),
      ],
      ['evaluate', await printed(evaluateCommand, 'table-run t.csv --json --bootstrap 40')],
      ['inspect', await printed(inspectCommand, 'table-run --json')],
    ];
    const predicted = await printed(predictCommand, 'table-run t.csv --format jsonl --keep a --interval 0.9');
    documents.push(
      ...predicted
        .trim()
        .split('\n')
        .map((line): [Name, string] => ['predict', line]),
    );
    expect(documents.length).toBe(83);
    for (const [name, text] of documents) {
      expect(validators[name](JSON.parse(text)) || [name, validators[name].errors]).toBe(true);
    }
  });

  it('is listed and printed by gradpool schema', async () => {
    const listed = JSON.parse(await printed(schemaCommand, '--json'));
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(FORMAT_NAMES);
    expect(JSON.parse(await printed(schemaCommand, 'run'))).toEqual(jsonSchemaOf('run'));
    await expect(printed(schemaCommand, 'metricz')).rejects.toThrow(
      "unknown format 'metricz', did you mean 'metrics'?",
    );
  });
});

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly [key: string]: unknown;
}

/** Returns the paths of properties without a description. */
function undescribed(node: unknown, where: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties = {} } = node as Node;
  const own = Object.entries(properties).flatMap(([key, value]) =>
    value.description === undefined ? [`${where}.${key}`] : [],
  );
  return [...own, ...Object.entries(node).flatMap(([key, value]) => undescribed(value, `${where}.${key}`))];
}

describe('a schema', () => {
  it.each(FORMAT_NAMES)('of %s describes every key', (name) => {
    expect(undescribed(jsonSchemaOf(name), name)).toEqual([]);
  });

  it('of config has the ranges, the choices and the defaults of the keys', () => {
    const { properties, required, additionalProperties } = jsonSchemaOf('config') as unknown as Node;
    expect(properties!.lr).toMatchObject({ exclusiveMinimum: 0 });
    expect(properties!.optimizer).toMatchObject({ enum: expect.arrayContaining(['adam']), default: 'sgd' });
    expect([required, additionalProperties]).toEqual([undefined, false]);
  });
});

/** Changes a document at one place: another value, or none. */
const changed = (document: unknown) => {
  const paths: (string | number)[][] = [];
  const walk = (value: unknown, at: (string | number)[]): void => {
    paths.push(at);
    if (Array.isArray(value)) for (const i of [...value.keys()].slice(0, 2)) walk(value[i], [...at, i]);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...at, key]);
    }
  };
  walk(document, []);
  const other = fc.oneof(
    fc.constantFrom(null, 0, -1, 1.5, 2, '', 'running', 'jit', true, [], {}, 'f'.repeat(64)),
    fc.constant(undefined),
  );
  return fc.tuple(fc.constantFrom(...paths), other).map(([at, value]) => {
    if (at.length === 0) return value ?? null;
    const copy = structuredClone(document);
    const holder = at.slice(0, -1).reduce((inner, step) => (inner as never)[step], copy) as never;
    if (value !== undefined) Object.assign(holder, { [at.at(-1)!]: value });
    else delete holder[at.at(-1)!];
    return copy;
  });
};

const reads = (name: Name, document: unknown): boolean => {
  try {
    checkStored(FORMATS[name].format as StoredFormat, document, 'file');
    return true;
  } catch (error) {
    expect((error as Error).name).toBe('DataError');
    expect((error as Error).message).toMatch(/^file: [^\n]+; [^\n]+$/);
    return false;
  }
};

describe('the reader', () => {
  it('takes what the schema allows, and nothing else', () => {
    const documents = filesBelow(folder).flatMap(([file, name]) =>
      name === 'config' || name === 'sweep'
        ? []
        : documentsIn(file).map((document): [Name, unknown] => [name, document]),
    );
    const mutation = fc
      .constantFrom(...documents)
      .chain(([name, document]) => fc.tuple(fc.constant(name), changed(document)));
    let accepted = 0;
    fc.assert(
      fc.property(mutation, ([name, document]) => {
        const read = reads(name, document);
        if (read) accepted++;
        expect([name, document, read]).toEqual([name, document, validators[name](document)]);
      }),
      { numRuns: 300 },
    );
    expect(accepted).toBeGreaterThan(30);
    expect(accepted).toBeLessThan(270);
  });

  it.each([
    ['{}', /run\.json: gradpool: expected a string, found nothing; restore the file from a copy, or /],
    ['null', /run\.json: expected keys and values, found null; restore/],
    ['[]', /run\.json: expected keys and values, found \[\]; restore/],
    ['{"gradpool": "0.1', /run\.json: is not JSON \(.*\); restore/],
    ['', /run\.json: is not JSON \(.*\); restore/],
    [
      { kernels: 'wsam' },
      /run\.json: kernels: expected reference, .*, found "wsam", did you mean 'wasm'\?; restore/,
    ],
    [
      { status: 'complete' },
      /run\.json: status: expected .*, found "complete", did you mean 'completed'\?; /,
    ],
    [{ machine: { node: null } }, /run\.json: machine\.node: expected a string, or a number, found null; /],
    [{ result: {} }, /run\.json: result\.run: expected a string, found nothing; /],
    [
      { formatVersion: 2 },
      /run\.json: formatVersion is 2, and gradpool .* reads version 1 and files without one; update gradpool$/,
    ],
    [{ formatVersion: 'x' }, /run\.json: formatVersion: expected a number, found "x"; /],
  ])('of run.json refuses %j in one line', (change, message) => {
    const out = path('damaged');
    rmSync(out, { recursive: true, force: true });
    cpSync(path('plain'), out, { recursive: true });
    const file = join(out, 'run.json');
    const record = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, typeof change === 'string' ? change : JSON.stringify({ ...record, ...change }));
    expect(() => readRun(out)).toThrow(message);
    expect(() => readRun(out)).toThrow(/^[^\n]+$/);
  });

  it.each([
    [
      'data: xor\nlr: -1',
      /config\.yaml: lr: must be greater than 0, found -1; restore the file from a copy, or train again$/,
    ],
    [
      'data: xor\noptimiser: adam',
      /config\.yaml: unknown config key 'optimiser', did you mean 'optimizer'\?; restore/,
    ],
    ['- 1', /config\.yaml: expected keys with their values, found \[1\]; restore/],
    ['', /config\.yaml: expected keys with their values, found null; restore/],
    ['a: [', /config\.yaml: is not YAML \(.*\); restore/],
    ['formatVersion: 3', /config\.yaml: formatVersion is 3, and gradpool .* update gradpool$/],
    [
      'formatVersion: x',
      /config\.yaml: formatVersion: expected a whole number from 1, found "x"; leave it out$/,
    ],
  ])('of config.yaml refuses %j in one line', async (text, message) => {
    const out = path('misconfigured');
    cpSync(path('plain'), out, { recursive: true });
    writeFileSync(join(out, 'config.yaml'), text);
    expect(() => readRun(out)).toThrow(message);
    expect(() => readRun(out)).toThrow(/^[^\n]+$/);
  });

  it('of metrics.jsonl passes over a line that was cut short, and refuses a damaged one', () => {
    const out = path('history');
    cpSync(path('plain'), out, { recursive: true });
    const file = join(out, 'metrics.jsonl');
    const text = readFileSync(file, 'utf8');
    const whole = readMetrics(out).events;
    writeFileSync(file, `${text}{"type":"epo`);
    const cut = readMetrics(out);
    const number = text.split('\n').length;
    expect(cut.events).toEqual(whole);
    expect(cut.notes).toEqual([`${file}:${number}: the line is cut short and was passed over`]);
    for (const [line, why] of [
      ['{"type":"epohc"}', /:\d+: type: expected an event: start, .*, found "epohc"; remove the line/],
      ['null', /:\d+: expected keys and values, found null; remove the line/],
      [
        '{"type":"checkpoint","step":-1,"path":""}',
        /:\d+: step: must be at least 0, found -1; remove the line/,
      ],
      ['{"type":"start","formatVersion":2}', /:\d+: formatVersion is 2, and gradpool .* update gradpool$/],
    ] as const) {
      writeFileSync(file, `${text}${line}\n`);
      expect(() => readMetrics(out)).toThrow(why);
    }
  });

  it('of trials.jsonl names what is wrong in a line and passes it over, but refuses a newer version', () => {
    const out = path('stopped');
    const file = join(out, 'trials.jsonl');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text}{"trial":0,"axes":{},"seed":1,"status":"begun"}\n`);
    expect(readTrialLines(out).notes).toEqual([
      expect.stringMatching(
        /:\d+: the line is damaged \(trial: must be at least 1, found 0\) and was passed over; its trial is trained again$/,
      ),
    ]);
    writeFileSync(file, `${text}{"formatVersion":2,"status":"begun"}\n`);
    expect(() => readTrialLines(out)).toThrow(/:\d+: formatVersion is 2, .* update gradpool$/);
  });

  it.each([
    ['base: { lr: -1 }', /^s\.yaml: base\.lr: must be greater than 0, found -1$/],
    ['base: { optimiser: adam }', /^s\.yaml: unknown config key 'optimiser', did you mean 'optimizer'\?$/],
    ['searhc: grid', /^s\.yaml: unknown key of a sweep 'searhc', did you mean 'search'\?$/],
    ['axes: [1]', /^s\.yaml: axes: expected .*, found \[1\]$/],
    ['formatVersion: 2', /^s\.yaml: formatVersion is 2, and gradpool .* update gradpool$/],
  ])('of sweep.yaml refuses %j', (text, message) => {
    expect(() => parseSweep(text, 's.yaml')).toThrow(message);
    const document = parse(text);
    expect(validators.sweep(document)).toBe(false);
    expect(parseSweep(stringify({ base: BASE }), 's.yaml').base).toEqual(BASE);
  });

  it('of a configuration from the command line refuses a newer version', () => {
    writeFileSync(path('newer.yaml'), 'data: xor\nformatVersion: 2\n');
    expect(() => readConfigFile(path('newer.yaml'))).toThrow(
      /newer\.yaml:2: formatVersion is 2, and gradpool .* update gradpool$/,
    );
    writeFileSync(path('newer.yaml'), 'data: xor\nformatVersion: 1\n');
    expect(readConfigFile(path('newer.yaml')).map(({ key }) => key)).toEqual(['data']);
  });
});
