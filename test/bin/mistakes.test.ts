/**
 * Promise P6: a mistake ends in one line that names it and its remedy, the right exit code, and nothing
 * half-written.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowers, Place } from './cli.js';

const place = new Place();
let before: string[];

beforeAll(async () => {
  place.write('flowers.csv', flowers());
  place.write('empty.csv', '');
  place.write('plain', 'text');
  place.write('unknown.yaml', 'lr: 0.1\nepoch: 3\n');
  place.write('proto.yaml', 'lr: 0.1\n__proto__: {epochs: 3}\n');
  place.write('proto.json', '{\n  "__proto__": {"epochs": 3}\n}');
  place.write('syntax.yaml', 'lr: 0.1\nhidden: [3, 4\n');
  place.write('twice.yaml', 'lr: 0.1\nlr: 0.2\n');
  place.write('value.yaml', 'epochs: 3\nlr: abc\n');
  place.write('share.yaml', 'val: 20 %\n');
  place.write('list.yaml', '- lr\n');
  place.write('infinite.yaml', 'epochs: 3\nlr: .inf\n');
  place.write('layers.yaml', 'layers: [{noise: .inf}, {dense: 3}, softmax]\n');
  place.write('notes.safetensors', 'these are no tensors at all');
  mkdirSync(place.path('folder'));
  const trained = await place.gradpool(
    'train flowers.csv -t kind --hidden 4 --epochs 1 --out run'.split(' '),
  );
  expect(trained.code, trained.stderr).toBe(0);
  const model = readFileSync(place.path('run', 'model.safetensors'));
  place.write('short.safetensors', model.subarray(0, model.length - 8));
  before = place.files();
});
afterAll(() => place.remove());

const HIDDEN = 'train flowers.csv -t kind --hidden 4';

const SHARE = 'expected a fraction from 0 up to but not including 1 (0.2 or 20%), or a data source, found';

/** What was written, the exit code, the line without `gradpool: `. */
const OURS: [string, number, string][] = [
  ['trian flowers.csv', 2, "unknown command 'trian', did you mean 'train'?"],
  ['--versoin', 2, "unknown flag '--versoin', did you mean '--version'?"],
  ['train flowers.csv --lrr 1', 2, "unknown flag '--lrr', did you mean '--lr'?"],
  ['train flowers.csv -lr 1', 2, "unknown flag '-lr', did you mean '--lr'?"],
  ['train flowers.csv --learning-rate 1', 2, "unknown flag '--learning-rate', did you mean '--lr'?"],
  ['train flowers.csv --weightDecay 1', 2, "unknown flag '--weightDecay', did you mean '--weight-decay'?"],
  ['train flowers.csv --frobnicate', 2, "unknown flag '--frobnicate'; see gradpool train --help"],
  ['resume run --lr 1', 2, "unknown flag '--lr'; see gradpool resume --help"],
  ['train flowers.csv --lr abc', 2, '--lr: expected a number, found "abc"'],
  ['train flowers.csv --lr 0x1', 2, '--lr: expected a number, found "0x1"'],
  ['train flowers.csv --lr -1', 2, '--lr: must be greater than 0, found -1'],
  ['train flowers.csv --lr=-1e-3', 2, '--lr: must be greater than 0, found -0.001'],
  ['train flowers.csv --lr -1e-3', 2, '--lr: must be greater than 0, found -0.001'],
  ['train flowers.csv --lr', 2, '--lr needs a value: --lr VALUE, or --lr=VALUE where it begins with a dash'],
  ['train flowers.csv --lr=', 2, '--lr needs a value: --lr VALUE, or --lr=VALUE where it begins with a dash'],
  [
    'train flowers.csv --lr --epochs 3',
    2,
    '--lr needs a value: --lr VALUE, or --lr=VALUE where it begins with a dash',
  ],
  ['train flowers.csv --val 1.5', 2, `--val: ${SHARE} 1.5`],
  ['train flowers.csv --test -0.1', 2, `--test: ${SHARE} -0.1`],
  ['train flowers.csv --test 1', 2, `--test: ${SHARE} 1`],
  ['train flowers.csv --val 120%', 2, `--val: ${SHARE} "120%"`],
  ['train flowers.csv --test 1e1%', 2, `--test: ${SHARE} "1e1%"`],
  ['train -c share.yaml', 2, `share.yaml:1: val: ${SHARE} "20 %"`],
  ['train flowers.csv --lr 1 --lr 2', 2, '--lr is given twice: keep one of them'],
  ['train flowers.csv -t kind --target kind', 2, '--target is given twice: keep one of them'],
  ['train flowers.csv --quiet=1', 2, "--quiet takes no value, found '=1'"],
  ['train flowers.csv --epochs 1.5', 2, '--epochs: expected a whole number, or auto, found 1.5'],
  ['train flowers.csv --epochs 1e400', 2, '--epochs: expected a finite number, or auto, found "1e400"'],
  ['train flowers.csv --lr inf', 2, '--lr: expected a finite number, found "inf"'],
  ['train flowers.csv --init-constant nan', 2, '--init-constant: expected a finite number, found "nan"'],
  ['train flowers.csv -c infinite.yaml', 2, 'infinite.yaml:2: lr: expected a finite number, found Infinity'],
  [
    'train flowers.csv -t kind -c layers.yaml',
    2,
    'layers[0] (noise): deviation: expected a finite number, found Infinity',
  ],
  ['find-lr flowers.csv -t kind --steps 1e999', 2, '--steps: expected a number above 0, found "1e999"'],
  ['bench --seconds 1e999', 2, '--seconds: expected a number, found "1e999"'],
  ['train flowers.csv --hidden 3,x', 2, '--hidden: value 2: expected a number, found "x"'],
  ['predict run flowers.csv --format xml', 2, '--format: expected csv, jsonl, found "xml"'],
  [
    'train flowers.csv flowers.csv',
    2,
    "train: one word too many: 'flowers.csv'; usage: gradpool train [data] (a pattern or query goes in quotes)",
  ],
  ['resume', 2, 'resume needs more words: gradpool resume <run>; see gradpool resume --help'],
  [
    'train',
    2,
    "train: which data? a table, a folder of IDX or NPY files, a query or 'mnist', as in: gradpool train mnist",
  ],
  [
    'train flowers.csv -c unknown.yaml',
    2,
    "unknown.yaml:2: unknown config key 'epoch', did you mean 'epochs'?",
  ],
  ['train flowers.csv -c proto.yaml', 2, "proto.yaml:2: unknown config key '__proto__'"],
  ['train flowers.csv -c proto.json', 2, "proto.json:2: unknown config key '__proto__'"],
  ['train flowers.csv -c twice.yaml', 2, 'twice.yaml:2: Map keys must be unique'],
  ['train flowers.csv -c value.yaml', 2, 'value.yaml:2: lr: expected a number, found "abc"'],
  ['train flowers.csv -c list.yaml', 2, 'list.yaml: expected keys with their values, such as lr: 0.1'],
  ['train flowers.csv -c none.yaml', 3, 'none.yaml: there is no such file; check the path'],
  ['train flowers.csv -c folder', 3, 'folder: this is a directory, where a regular file is needed'],
];

/** The library's words may change; what they must name may not. */
const THEIRS: [string, number, RegExp][] = [
  ['train mnits', 3, /^mnits: .*did you mean "mnist"/],
  ['train nothing.csv', 3, /nothing\.csv: there is no such file/],
  ['train empty.csv', 3, /empty\.csv: the file is empty/],
  ['train plain', 3, /plain: .*expected \.csv/],
  ['train folder', 3, /folder: /],
  ['train flowers.csv', 2, /--target .*columns are height, width, colour, kind, price/],
  ['train flowers.csv -t kidn', 2, /--target kidn: .*flowers\.csv .*did you mean "kind"/],
  ['train flowers.csv --optimizer adma', 2, /^--optimizer: .*sgd, .*did you mean 'adam'/],
  ['train flowers.csv -c syntax.yaml', 2, /^syntax\.yaml:\d: /],
  [`${HIDDEN} --batch 1000`, 2, /batch: 1000 is larger than the 48 training rows/],
  [`${HIDDEN} --out folder`, 3, /^folder: exists already/],
  [`${HIDDEN} --out run`, 3, /^run: holds a run already; .*gradpool resume run/],
  [`${HIDDEN} --out plain/run`, 3, /^plain\/run: cannot be made/],
  ['train flowers.csv -t kind --layers [{dens:3}]', 2, /did you mean 'dense'/],
  [
    'train flowers.csv -t kind --layers [{"dense":2}]',
    2,
    /^layers\[0\] \(dense\): .*end the list with softmax/,
  ],
  ['resume nothing', 3, /^nothing: not a run's folder/],
  ['evaluate nothing flowers.csv', 3, /^nothing: there is no such run or model/],
  ['evaluate short.safetensors flowers.csv', 3, /^short\.safetensors: /],
  ['predict notes.safetensors flowers.csv', 3, /^notes\.safetensors: /],
  ['predict run nothing.csv', 3, /nothing\.csv: there is no such file/],
  ['predict run flowers.csv --output folder', 3, /^folder: cannot be written/],
  ['predict run flowers.csv --output none/p.csv', 3, /^none\/p\.csv: cannot be written/],
  ['inspect nothing', 3, /^nothing: /],
  [`${HIDDEN} --memory-limit 0.1`, 3, /memory/],
];

describe('a mistake', () => {
  it.concurrent.each([...OURS, ...THEIRS])('%s', async (line, code, message) => {
    const ended = await place.gradpool(line.split(' '));
    expect(ended.stderr).toMatch(/^gradpool: [^\n]+\n$/);
    const said = ended.stderr.slice('gradpool: '.length, -1);
    if (typeof message === 'string') expect(said).toBe(message);
    else expect(said).toMatch(message);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe('');
  });

  it('in the environment names the variable', async () => {
    const wrong = await place.gradpool(['train', 'flowers.csv'], { GRADPOOL_LR: 'fast' });
    expect(wrong).toMatchObject({
      code: 2,
      stderr: 'gradpool: GRADPOOL_LR: expected a number, found "fast"\n',
    });
    const unknown = await place.gradpool(['train', 'flowers.csv'], { GRADPOOL_EPOCH: '3' });
    expect(unknown).toMatchObject({
      code: 2,
      stderr: "gradpool: unknown environment variable GRADPOOL_EPOCH, did you mean 'GRADPOOL_EPOCHS'?\n",
    });
  });

  it('leaves nothing behind', () => {
    expect(place.files()).toEqual(before);
  });

  it.skipIf(process.getuid?.() === 0)('of permissions is told as one', async () => {
    const locked = new Place();
    const { chmodSync } = await import('node:fs');
    chmodSync(locked.write('locked.csv', flowers()), 0);
    const ended = await locked.gradpool(['train', 'locked.csv', '-t', 'kind']);
    expect(ended).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^gradpool: .*locked\.csv: .*\n$/),
    });
    chmodSync(locked.folder, 0o500);
    const out = await locked.gradpool(['train', 'xor', '--out', 'run']);
    expect(out).toMatchObject({ code: 3, stderr: expect.stringMatching(/gradpool: run: cannot write/) });
    chmodSync(locked.folder, 0o700);
    locked.remove();
  });
});

it('a training that diverges ends with 4, and its trace is kept', async () => {
  const line =
    'train flowers.csv -t price --optimizer sgd --lr 1e30 --epochs 50 --out diverged --quiet --profile';
  const ended = await place.gradpool(line.split(' '));
  expect(ended).toMatchObject({ code: 4, stdout: '' });
  expect(ended.stderr).toMatch(/^gradpool: [^\n]+\n$/);
  expect(place.files()).toContain('diverged/trace.json');
});
