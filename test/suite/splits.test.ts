/** Splits: every row is tested once a repeat, classes are spread evenly, and only the targets count. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splits } from './splits.mjs';

const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 6, maxLength: 60 });

function counts(folds: readonly number[]): number[] {
  return [0, 1, 2].map((fold) => folds.filter((other) => other === fold).length);
}

describe('splits', () => {
  it('spread rows and each class over the folds, with one row of difference at most', () => {
    fc.assert(
      fc.property(words, (targets) => {
        for (const foldOf of splits(targets, 'classification')) {
          const groups = [...new Set(targets)].map((word) =>
            foldOf.filter((_, row) => targets[row] === word),
          );
          for (const folds of [foldOf, ...groups]) {
            expect(Math.max(...counts(folds)) - Math.min(...counts(folds))).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });

  it('spread numbers evenly, whatever they are', () => {
    for (const foldOf of splits([5, 5, 1, 2, 3, 4, 9], 'regression')) {
      expect(counts(foldOf).sort()).toEqual([2, 2, 3]);
    }
  });

  it('are the same each time, and others in each repeat', () => {
    const targets = Array.from({ length: 40 }, (_, row) => `${row % 2}`);
    const [first, second, third] = splits(targets, 'classification');
    expect(splits(targets, 'classification')).toEqual([first, second, third]);
    expect(first).not.toEqual(second);
    expect(second).not.toEqual(third);
  });

  it('are pinned, since results are kept by them', () => {
    const targets = ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'];
    expect(splits(targets, 'classification', { folds: 2, repeats: 2 }).map((row) => row.join(''))).toEqual(
      PINNED,
    );
  });
});

const PINNED = ['11110000', '10011001'];
