/** Scores against scikit-learn 1.2.1: log_loss(eps=1e-15), accuracy_score, mean_squared_error, r2_score. */
import { describe, expect, it } from 'vitest';
import { childSeconds, timed } from './process.mjs';
import { scoresOfPredictions, scoresOfReport } from './scores.mjs';

describe('scoresOfPredictions', () => {
  const rows = [
    { kind: 'a', probabilities: { a: 0.7, b: 0.2, c: 0.1 } },
    { kind: 'b', probabilities: { a: 0, b: 1, c: 0 } },
    { kind: 'c', probabilities: { a: 0.3, b: 0.3, c: 0.4 } },
  ];

  it('clips the probability of the true class at 1e-15', () => {
    const scores = scoresOfPredictions(rows, 'kind', 'classification', ['a', 'a', 'c']);
    expect(scores.logLoss).toBeCloseTo(11.937247356907859, 12);
    expect(scores.accuracy).toBeCloseTo(2 / 3, 14);
  });

  it('takes a class that training did not have for one of probability 0', () => {
    const scores = scoresOfPredictions(rows.slice(0, 1), 'kind', 'classification', ['d']);
    expect(scores).toEqual({ accuracy: 0, logLoss: -Math.log(1e-15) });
  });

  it('of numbers', () => {
    const predictions = [1.5, 2, 3].map((price) => ({ price }));
    const { rmse, r2 } = scoresOfPredictions(predictions, 'price', 'regression', [1, 2, 4]);
    expect(rmse).toBeCloseTo(0.6454972243679028, 14);
    expect(r2).toBeCloseTo(0.7321428571428571, 14);
  });

  it('refuses a prediction too few', () => {
    expect(() => scoresOfPredictions([], 'price', 'regression', [1])).toThrow('0 predictions for 1 rows');
  });
});

describe('scoresOfReport', () => {
  it('makes R² of the RMSE', () => {
    const { rmse, r2 } = scoresOfReport({ loss: 0.2, rmse: 0.6454972243679028 }, 'regression', [1, 2, 4]);
    expect(rmse).toBe(0.6454972243679028);
    expect(r2).toBeCloseTo(0.7321428571428571, 14);
  });

  it('refuses a report without the score', () => {
    expect(() => scoresOfReport({ loss: Number.NaN, accuracy: 1 }, 'classification', [])).toThrow('NaN');
  });
});

describe('a command', () => {
  it('hands back what it printed, and the seconds of its processes', async () => {
    const code = 'const end = Date.now() + 60; while (Date.now() < end); console.log("ready")';
    const { stdout, seconds, cpuSeconds } = await timed([process.execPath, '-e', code]);
    expect(stdout).toBe('ready\n');
    expect(seconds).toBeGreaterThan(0.05);
    expect(cpuSeconds).toBeGreaterThan(0);
  });

  it('that fails is an error with its last line', async () => {
    const code = 'console.error("first"); console.error("what is wrong"); process.exit(3)';
    await expect(timed([process.execPath, '-e', code])).rejects.toThrow(/^what is wrong$/);
    await expect(timed([process.execPath, '-e', 'process.exit(3)'])).rejects.toThrow('exit code 3');
  });

  it('the seconds of children are in the second line of times', () => {
    expect(childSeconds('0m9.00s 0m9.00s\n1m2.50s 0m0.25s\n')).toBe(62.75);
  });
});
