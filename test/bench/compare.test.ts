/** Two reports compared: verdicts, the gate, and what only one of them measured. */
import { describe, expect, it } from 'vitest';
import { compareReports } from '#src/bench/compare.js';
import type { BenchReport } from '#src/bench/report.js';
import { type Made, madeReport } from './report.js';

const compared = (now: Made, gate: number | null = 0.05) =>
  compareReports(
    { name: 'old.json', report: madeReport({ seed: 1 }) },
    { name: 'new.json', report: madeReport({ seed: 2, ...now }) },
    gate,
  );
const verdicts = (now: Made, gate?: number) => [
  ...new Set(compared(now, gate).points.map(({ verdict }) => verdict)),
];

describe('compareReports', () => {
  it('finds no difference between two runs of the same program', () => {
    const { points, failed, unmatched, warnings } = compared({ seed: 2 });
    for (const { verdict, ratio } of points) {
      // the jitter is 2 %: a difference that chance could not make would be smaller than that
      expect(Math.abs(ratio.value - 1)).toBeLessThan(0.02);
      expect(['no difference', 'cannot tell', 'faster', 'slower']).toContain(verdict);
    }
    expect(points.map(({ verdict }) => verdict)).toContain('no difference');
    expect({ failed, unmatched, warnings }).toEqual({
      failed: false,
      unmatched: { old: [], new: [] },
      warnings: [],
    });
  });

  it('tells slower from faster', () => {
    expect(verdicts({ factor: 1.2 })).toEqual(['slower']);
    expect(verdicts({ factor: 0.8 })).toEqual(['faster']);
    for (const { ratio } of compared({ factor: 1.2 }).points) {
      expect(ratio.value).toBeCloseTo(1.2, 1);
      expect(ratio.low).toBeLessThan(ratio.high);
    }
  });

  it('fails where a point is slower than the gate allows, and only there', () => {
    expect(compared({ factor: 1.2 }, 0.05).failed).toBe(true);
    expect(compared({ factor: 1.2 }, 0.3).failed).toBe(false);
    expect(compared({ factor: 0.8 }, 0.05).failed).toBe(false);
    expect(compared({ factor: 1.2 }, null).failed).toBe(false);
  });

  it('does not fail for what chance could have made', () => {
    const noisy = (report: BenchReport, high: number): BenchReport => {
      const [first, ...others] = report.strong!.points;
      const times = [1, high, 1, high, 1, high, 1, high, high].map((time) => 0.002 * time);
      return {
        ...report,
        strong: { ...report.strong!, points: [{ ...first, times }, ...others] },
        batch: null,
      };
    };
    const { points } = compareReports(
      { name: 'a', report: noisy(madeReport(), 1) },
      { name: 'b', report: noisy(madeReport(), 1.5) },
      0.05,
    );
    expect(points[0].ratio.value).toBe(1.5);
    expect(points[0]).toMatchObject({ verdict: 'cannot tell', failed: false });
  });

  it('finds no difference only where the interval leaves no room for one that matters', () => {
    const timed = (times: readonly number[]): BenchReport => {
      const report = madeReport();
      const [first, ...others] = report.strong!.points;
      return {
        ...report,
        strong: { ...report.strong!, points: [{ ...first, times }, ...others] },
        batch: null,
      };
    };
    const verdict = (times: readonly number[], gate: number | null) =>
      compareReports({ name: 'a', report: timed(times) }, { name: 'b', report: timed(times) }, gate).points[0]
        .verdict;
    const within4 = [0.98, 1, 1.02, 0.98, 1, 1.02, 1].map((time) => 0.002 * time);
    const within20 = [0.9, 1, 1.1, 0.9, 1, 1.1, 1].map((time) => 0.002 * time);
    expect(verdict(within4, null)).toBe('no difference');
    expect(verdict(within4, 0.01)).toBe('cannot tell');
    expect(verdict(within20, null)).toBe('cannot tell');
    expect(verdict(within20, 0.25)).toBe('no difference');
  });

  it('compares what both measured, and says what only one did', () => {
    const now = { ...madeReport(), batch: null };
    const { points, unmatched } = compareReports(
      { name: 'a', report: madeReport() },
      { name: 'b', report: now },
      null,
    );
    expect(points).toHaveLength(4);
    expect(unmatched.old).toEqual([
      'batch 16-8-4, batch 128, in-process',
      'batch 16-8-4, batch 128, 2 workers',
    ]);
    expect(unmatched.new).toEqual([]);
  });

  it('warns where the machines differ', () => {
    expect(compared({ node: '24.0.0' }).warnings).toEqual(['node differs: 20.20.2 before, 24.0.0 now']);
  });

  it('refuses reports that have nothing in common', () => {
    const other = madeReport();
    const report = { ...other, settings: { ...other.settings, network: [16, 9, 4] } };
    expect(() =>
      compareReports({ name: 'a.json', report: madeReport() }, { name: 'b.json', report }, null),
    ).toThrow('a.json and b.json: nothing was measured in both (16-8-4 batch 128');
  });
});
