/** The words after a command: what is a flag, its value, a positional. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import { readArgs } from '../../dist/bin/args.js';
import { defineCommand } from '../../dist/bin/command.js';
import { oneOf, readText } from '../../dist/bin/readers.js';

const COMMAND = defineCommand({
  usage: 'weigh <what> [scale]',
  describe: '',
  positionals: { what: '', scale: '' },
  flags: {
    lr: { describe: '', alias: 'l', read: readText },
    quiet: { describe: '', boolean: true },
    'no-bar': { describe: '', boolean: true },
    unit: { describe: '', ...oneOf('g', 'kg') },
    tag: { describe: '', alias: 'label', repeats: true, read: (texts: readonly string[]) => texts },
  },
  examples: [],
  run: async (args) => {
    const typed: readonly [string, string | undefined, 'g' | 'kg' | undefined] = [
      args.what,
      args.scale,
      args.unit,
    ];
    return typed.length;
  },
});
const read = (...tokens: string[]) => readArgs(COMMAND, tokens);

describe('words', () => {
  it.each([
    [['x'], { what: 'x' }],
    [['x', 'y', '--lr', '0.1'], { what: 'x', scale: 'y', lr: '0.1' }],
    [['--lr=a=b', 'x'], { what: 'x', lr: 'a=b' }],
    [['-l', '-0.5', 'x'], { what: 'x', lr: '-0.5' }],
    [['-l=-x', 'x'], { what: 'x', lr: '-x' }],
    [['--lr', '-1e-3', 'x'], { what: 'x', lr: '-1e-3' }],
    [['--quiet', 'x'], { what: 'x', quiet: true }],
    [['--no-bar', 'x'], { what: 'x', 'no-bar': true }],
    [['--tag', 'a,b', 'x', '--tag=c'], { what: 'x', tag: ['a,b', 'c'] }],
    [['--label', 'a,b', 'x', '--tag=c', '--label=d'], { what: 'x', tag: ['a,b', 'c', 'd'] }],
    [['x', '--quiet', 'false'], { what: 'x', quiet: false }],
    [['x', '--quiet', 'true'], { what: 'x', quiet: true }],
    [['--', '--lr', '-x'], { what: '--lr', scale: '-x' }],
    [['-', '-3'], { what: '-', scale: '-3' }],
  ])('%j', async (tokens, expected) => {
    expect(await read(...tokens)).toEqual(expected);
  });

  it.each([
    [[], /weigh needs more words: gradpool weigh <what> \[scale\]/],
    [['x', 'y', 'z'], /one word too many: 'z'/],
    [['x', '--lr'], /--lr needs a value/],
    [['x', '--lr', '--quiet'], /--lr needs a value/],
    [['x', '--lr', '--', '1'], /--lr needs a value/],
    [['x', '--lr='], /--lr needs a value/],
    [['x', '-l='], /--lr needs a value/],
    [['x', '--quiet', '--quiet'], /--quiet is given twice/],
    [['x', '--__proto__', '1'], /unknown flag '--__proto__'/],
    [['x', '-lr', '1'], /unknown flag '-lr', did you mean '--lr'/],
    [['x', '--quiet=1'], /--quiet takes no value, found '=1'/],
    [['x', '--lr', '1', '-l', '2'], /--lr is given twice/],
    [['x', '--lrr', '1'], /unknown flag '--lrr', did you mean '--lr'/],
    [['x', '--label'], /--tag needs a value/],
    [['x', '--lable', '1'], /unknown flag '--lable', did you mean '--label'/],
    [['x', '-label', '1'], /unknown flag '-label', did you mean '--label'/],
    [['x', '--unit', 'lb'], /--unit: expected g, kg, found "lb"/],
  ])('%j is refused', async (tokens, message) => {
    await expect(read(...tokens)).rejects.toThrow(UsageError);
    await expect(read(...tokens)).rejects.toThrow(message);
  });

  it('any values of flags come back as they were written, in any order', async () => {
    const text = fc.string({ minLength: 1, unit: 'binary' });
    const flag = fc.record({ name: fc.constantFrom('lr', 'tag'), value: text, apart: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.tuple(fc.array(flag), fc.boolean(), text), async ([flags, quiet, word]) => {
        const once = flags.filter(
          ({ name }, index) => name === 'tag' || flags.findIndex((one) => one.name === name) === index,
        );
        // apart from its flag, a value that begins with a dash could be a flag
        const tokens = once.flatMap(({ name, value, apart }) =>
          apart && !/^-[^\d]/.test(value) ? [`--${name}`, value] : [`--${name}=${value}`],
        );
        const lr = once.find(({ name }) => name === 'lr')?.value;
        const tags = once.filter(({ name }) => name === 'tag').map(({ value }) => value);
        expect(await read(...tokens, ...(quiet ? ['--quiet'] : []), '--', word)).toEqual({
          what: word,
          ...(lr === undefined ? {} : { lr }),
          ...(tags.length === 0 ? {} : { tag: tags }),
          ...(quiet ? { quiet } : {}),
        });
      }),
    );
  });
});
