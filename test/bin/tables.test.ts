/**
 * How a table is read, from the command line: what is asked, the flags that answer, and what a model keeps.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Place } from './cli.js';

const place = new Place();
const TRAIN = [
  'train',
  'sales.csv',
  '-t',
  'ok',
  '--preset',
  'none',
  '--hidden',
  '3',
  '--epochs',
  '1',
  '--workers',
  '0',
  '--quiet',
];

beforeAll(() => {
  const rows = Array.from({ length: 12 }, (_, i) => {
    const date = `0${1 + (i % 9)}/0${1 + ((i * 5) % 9)}/2020`;
    return `${i},${date},"${1 + i},${100 + 7 * i}",${i % 2 ? 'yes' : 'no'}`;
  });
  place.write('sales.csv', ['id,when,amount,ok', ...rows, ''].join('\n'));
});
afterAll(() => place.remove());

it('asks all that is open at once, and trains when it is answered', async () => {
  const asked = await place.gradpool(TRAIN);
  expect(asked.code).toBe(3);
  expect(asked.stderr).toMatch(
    /^gradpool: .*sales\.csv: 2 columns are ambiguous; column "when": 0\d\/0\d\/2020 may be .*--date-format when=dd\/mm\/yyyy.*--date-format when=mm\/dd\/yyyy.*; column "amount": 1,100 may be 1\.1 \(--decimal amount=,\) or 1100 \(--decimal amount=\.\).*\n$/,
  );
  const answered = await place.gradpool([
    ...TRAIN,
    ...['--date-format', 'when=dd/mm/yyyy', '--decimal', 'amount=.', '--out', 'run'],
  ]);
  expect(answered.code, answered.stderr).toBe(0);
  const model = await place.gradpool(['inspect', 'run/model.safetensors']);
  expect(model.stdout).toContain('id, when (dates, dd/mm/yyyy), amount (numbers with a thousands comma)');
});

it('keeps columns beside the predictions, in the order of the rows', async () => {
  const { stdout } = await place.gradpool([
    'predict',
    'run',
    'sales.csv',
    '--keep',
    'id',
    '--keep',
    'amount',
  ]);
  const lines = stdout.trim().split('\n');
  expect(lines[0]).toBe('id,amount,ok,p(no),p(yes)');
  expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(
    Array.from({ length: 12 }, (_, i) => String(i)),
  );
  expect(lines[1]).toMatch(/^0,"1,100",(no|yes),/);
  const json = await place.gradpool([
    'predict',
    'run',
    'sales.csv',
    '--keep',
    'id,when',
    '--format',
    'jsonl',
  ]);
  expect(JSON.parse(json.stdout.split('\n')[2])).toMatchObject({ id: '2', when: '03/02/2020' });
  const twice = await place.gradpool(['predict', 'run', 'sales.csv', '--keep', 'all']);
  expect(twice).toMatchObject({ code: 2, stdout: '' });
  expect(twice.stderr).toMatch(/^gradpool: --keep ok: the prediction has this name/);
  const unknown = await place.gradpool(['predict', 'run', 'sales.csv', '--keep', 'idd']);
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toMatch(/--keep idd: sales\.csv has no such column, did you mean "id"\?/);
});

it.each([
  [['--date-format', 'when'], /--date-format: expected COLUMN=VALUE, found "when"/],
  [
    ['--date-format', 'whem=dd/mm/yyyy'],
    /--date-format whem: .*sales\.csv has no such column, did you mean "when"\?/,
  ],
  [['--date-format', 'when=dd/mm'], /date format "dd\/mm": expected yyyy or yy/],
  [['--decimal', 'x'], /--decimal: expected \. or , for every column, or COLUMN=, for one, found "x"/],
  [['--number', 'when', '--text', 'when'], /--text and --number both name column "when"; keep one of them/],
  [['--header', 'perhaps'], /--header: expected auto, yes, no, found "perhaps"/],
])('%j is refused in one line', async (flags, message) => {
  const { code, stderr } = await place.gradpool([...TRAIN, ...flags]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr.trim()).not.toContain('\n');
});

it('inspect says what is ambiguous, and the flags answer there as well', async () => {
  const open = await place.gradpool(['inspect', 'sales.csv']);
  expect(open.stdout).toContain('when: ambiguous: ');
  const { stdout } = await place.gradpool([
    'inspect',
    'sales.csv',
    '--date-format',
    'when=mm/dd/yyyy',
    '--decimal',
    ',',
  ]);
  expect(stdout).toContain('when: as --date-format says');
  expect(stdout).toContain('amount: numbers with a decimal comma (1,100 is 1.1)');
});
