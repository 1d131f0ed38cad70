/** Whether gradients are bounded does not depend on which of them the kernels have looked at already. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createReferenceKernels } from '#src/kernels/reference/index.js';
import { boundedBlocks } from '#src/train/bounded.js';

const HEADROOM = 2 ** 64;
const values = fc.oneof(
  { weight: 30, arbitrary: fc.float({ noNaN: true, min: -1, max: 1 }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 3e38, -2e19, 1.8e19, 0) },
);

it('looks at every value once, by itself or through the kernels', () => {
  const blocks = fc.array(fc.array(fc.array(values, { minLength: 1, maxLength: 5 }), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 3,
  });
  const property = fc.property(
    blocks,
    fc.array(fc.nat(11)),
    fc.array(fc.nat(11)),
    (blocks, first, second) => {
      const memory = new Float32Array(blocks.flat(2));
      let end = 0;
      const arrays = blocks.map((block) =>
        block.map((array) => {
          end += array.length;
          return memory.subarray(end - array.length, end);
        }),
      );
      end = 0;
      const whole = blocks.map((block) => {
        const begin = end;
        end += block.flat().length;
        return memory.subarray(begin, end);
      });
      const isBounded = boundedBlocks(createReferenceKernels(), whole);
      const expected = memory.every((value) => Number.isFinite(Math.fround(HEADROOM * value)));
      // Not always the same arrays have been seen.
      for (const seen of [first, second, first]) {
        const known = arrays.flat().filter((_, i) => seen.includes(i));
        const most = Math.max(0, ...known.flatMap((array) => [...array].map(Math.abs)));
        expect(isBounded({ arrays: known, most }, HEADROOM)).toBe(expected);
      }
    },
  );
  fc.assert(property, { numRuns: 500, seed: 1 });
});
