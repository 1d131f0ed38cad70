/** From turns to figures: medians, ratios, tables. */
import { describe, expect, it } from 'vitest';
import {
  best,
  figure,
  flopsPerSample,
  markdownTable,
  median,
  ratio,
  summarize,
  writeBetween,
} from './summary.mjs';

const measured = (contestant: string, setting: string, ...turns: number[]) => ({
  contestant,
  setting,
  turns,
});

describe('from turns to figures', () => {
  it('median: the middle, or the mean of the middle two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('best: the largest median, not the largest turn', () => {
    expect(best([measured('a', 'steady', 5, 5, 5), measured('a', 'lucky', 1, 1, 99)]).setting).toBe('steady');
  });

  it('best: never a setting that was dropped', () => {
    expect(best([measured('a', 'dropped', 9, 9), measured('a', 'stayed', 5, 5, 5)]).setting).toBe('stayed');
  });

  it('ratio: paired by round, so that a slow minute of the machine cancels out', () => {
    expect(ratio(measured('a', '', 10, 2, 30), measured('b', '', 5, 1, 15))).toBe(2);
    expect(ratio(measured('a', '', 10, 20, 30), measured('b', '', 30, 20, 10))).toBe(1);
  });

  it('a ratio takes the best setting of each, within a session', () => {
    const quiet = [
      measured('we', 'x', 100, 100),
      measured('we', 'y', 120, 120),
      measured('peer', 'p', 40, 40),
    ];
    const loaded = [measured('we', 'x', 10, 10), measured('we', 'y', 12, 12), measured('other', 'o', 6, 6)];
    const { compare, contestants } = summarize([quiet, loaded]);
    expect(compare('we', 'peer')).toBe(3);
    expect(compare('we', 'other')).toBe(2);
    expect(compare('we', 'absent')).toBeNull();
    expect(contestants.map(({ name, setting }) => [name, setting])).toEqual([
      ['we', 'y'],
      ['peer', 'p'],
      ['other', 'o'],
    ]);
    expect(contestants[0].samplesPerSecond).toBe(66);
  });

  it('a setting that had no turns shows its trials, and a contestant without turns does not take part', () => {
    const slow = { contestant: 'we', setting: 'y', trials: [1, 2], turns: [] };
    const absent = { contestant: 'other', setting: 'o', trials: [9], turns: [] };
    const { contestants, compare } = summarize([[measured('we', 'x', 4, 6), slow, absent]]);
    expect(contestants).toEqual([
      {
        name: 'we',
        setting: 'x',
        samplesPerSecond: 5,
        measurements: [{ contestant: 'we', setting: 'x', trials: [], turns: [4, 6] }, slow],
      },
    ]);
    expect(compare('we', 'other')).toBeNull();
  });

  it('flops: six a weight, but four in the first layer, whose input needs no gradient', () => {
    expect(flopsPerSample('3-2-1')).toBe(4 * 6 + 6 * 2);
  });

  it('figure: three digits, thousands apart', () => {
    expect([71234, 4337, 0.5123, 3, null].map(figure)).toEqual(['71,200', '4,340', '0.512', '3', '']);
  });
});

describe('tables', () => {
  it('in Markdown', () => {
    expect(markdownTable(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
  });

  it('are written between their markers and nowhere else', () => {
    const text = 'before\n<!-- peers -->\nold\n<!-- /peers -->\nafter\n';
    const written = writeBetween(text, 'peers', 'new');
    expect(written).toBe('before\n<!-- peers -->\nnew\n<!-- /peers -->\nafter\n');
    expect(writeBetween(written, 'peers', 'new')).toBe(written);
    expect(() => writeBetween('no markers', 'peers', 'new')).toThrow('<!-- peers -->');
  });
});
