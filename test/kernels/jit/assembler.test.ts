/** The assembler's bytes are those in which GNU objdump read the instructions that were meant. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CASES } from '../../fixtures/jit/instructions.mjs';

const TABLE: readonly { bytes: string; objdump: string[] }[] = JSON.parse(
  readFileSync(new URL('../../fixtures/jit/instructions.json', import.meta.url), 'utf8'),
);

it.each(CASES.map(({ text, bytes }, i) => [text.join('; '), text, bytes, TABLE[i]] as const))(
  '%s',
  (_, text, bytes, read) => {
    expect(bytes).toBe(read.bytes);
    expect(text).toEqual(read.objdump);
  },
);

it('the table has no further instructions', () => {
  expect(TABLE.length).toBe(CASES.length);
});
