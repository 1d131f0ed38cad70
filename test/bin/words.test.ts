/** The words after a command: what is a flag, its value, a positional. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import { type Command, readArgs } from '../../dist/bin/command.js';

const COMMAND: Command = {
  usage: 'weigh <what> [scale]',
  describe: '',
  positionals: { what: '', scale: '' },
  flags: {
    lr: { describe: '', alias: 'l' },
    quiet: { describe: '', boolean: true },
    unit: { describe: '', choices: ['g', 'kg'] },
  },
  examples: [],
  run: async () => 0,
};
const read = (...tokens: string[]) => {
  const { values, set } = readArgs(COMMAND, tokens);
  return { ...values, set: [...set] };
};

describe('words', () => {
  it.each([
    [['x'], { what: 'x', set: [] }],
    [['x', 'y', '--lr', '0.1'], { what: 'x', scale: 'y', lr: '0.1', set: [] }],
    [['--lr=a=b', 'x'], { what: 'x', lr: 'a=b', set: [] }],
    [['-l', '-0.5', 'x'], { what: 'x', lr: '-0.5', set: [] }],
    [['-l=-x', 'x'], { what: 'x', lr: '-x', set: [] }],
    [['--quiet', 'x'], { what: 'x', set: ['quiet'] }],
    [['x', '--quiet', 'false'], { what: 'x', set: [] }],
    [['x', '--quiet', 'true'], { what: 'x', set: ['quiet'] }],
    [['--', '--lr', '-x'], { what: '--lr', scale: '-x', set: [] }],
    [['-', '-3'], { what: '-', scale: '-3', set: [] }],
  ])('%j', (tokens, expected) => {
    expect(read(...tokens)).toEqual(expected);
  });

  it.each([
    [[], /weigh needs more words: gradpool weigh <what> \[scale\]/],
    [['x', 'y', 'z'], /one word too many: 'z'/],
    [['x', '--lr'], /--lr needs a value/],
    [['x', '--lr', '--quiet'], /--lr needs a value/],
    [['x', '--lr', '--', '1'], /--lr needs a value/],
    [['x', '--lr='], /--lr needs a value/],
    [['x', '--quiet=1'], /--quiet takes no value, found '=1'/],
    [['x', '--lr', '1', '-l', '2'], /--lr is given twice/],
    [['x', '--lrr', '1'], /unknown flag '--lrr', did you mean '--lr'/],
    [['x', '--unit', 'lb'], /--unit: expected g, kg, found "lb"/],
  ])('%j is refused', (tokens, message) => {
    expect(() => read(...tokens)).toThrow(UsageError);
    expect(() => read(...tokens)).toThrow(message);
  });
});
