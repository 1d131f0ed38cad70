/** The examples, run as a user runs them: as processes of their own, on the built package. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { resolveConfig } from '#src/train/config.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-examples-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function node(...args: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

async function trained(name: string) {
  const out = ['--out', join(folder, name)];
  return JSON.parse(
    await node('dist/bin/gradpool.js', 'train', '-c', `examples/${name}.yaml`, '--json', ...out),
  );
}

describe('a configuration', () => {
  it.each([
    ['xor', 9],
    ['parity-4', 25],
    ['spirals', 281],
  ])('%s gets every row right', async (name, parameters) => {
    const { train, val, ...result } = await trained(name);
    expect(train).toMatchObject({ accuracy: 1 });
    expect(result).toMatchObject({ parameters, run: join(folder, name) });
    expect(val).toBeNull();
  });

  it('moons is right on another sample', async () => {
    expect((await trained('moons')).test.accuracy).toBeGreaterThan(0.99);
  });

  it('sine is learned down to the noise', async () => {
    const { test } = await trained('sine');
    expect(test.rmse).toBeLessThan(0.105);
    expect(test.rmse).toBeGreaterThan(0.09);
  });

  it('iris is learned', async () => {
    expect((await trained('iris')).val.accuracy).toBeGreaterThan(0.9);
  });

  it('of every example is valid, and says how it is run', () => {
    const names = readdirSync('examples').filter((name) => name.endsWith('.yaml'));
    const texts = names.map((name) => readFileSync(join('examples', name), 'utf8'));
    const trainings = names.filter((name, i) =>
      texts[i].startsWith(`# gradpool train -c examples/${name}\n`),
    );
    expect(trainings.length).toBeGreaterThanOrEqual(9);
    for (const name of trainings) {
      expect(() => resolveConfig(parse(texts[names.indexOf(name)])), name).not.toThrow();
    }
  });
});

describe('a script', () => {
  it('trains on a table, loads the model and predicts', async () => {
    const lines = (await node('examples/train-from-script.mjs')).trim().split('\n');
    expect(lines[0]).toBe('network 4-32-32-1, 480 training rows');
    const rmse = lines.flatMap((line) => /^epoch \d+: rmse (\d+)/.exec(line)?.slice(1).map(Number) ?? []);
    expect(rmse).toHaveLength(6);
    expect(rmse[5]).toBeLessThan(rmse[0]);
    const prices = lines.flatMap((line) => /^predicted price (\d+)/.exec(line)?.slice(1).map(Number) ?? []);
    const expected = [900_000, 700_000, 250_000];
    expect(prices).toHaveLength(3);
    prices.forEach((price, i) => {
      expect(Math.abs(price / expected[i] - 1)).toBeLessThan(0.05);
    });
  });

  it('trains on rows in memory, and asks for others as values and as text', async () => {
    const lines = (await node('examples/train-on-rows.mjs')).trim().split('\n');
    expect(lines).toContain('target: numbers in CHF (CHF 230000 is 230000)');
    const prices = lines.flatMap((line) => /^predicted price (\d+)/.exec(line)?.slice(1).map(Number) ?? []);
    expect(prices).toHaveLength(2);
    [900_000, 550_000].forEach((expected, i) => {
      expect(Math.abs(prices[i] / expected - 1)).toBeLessThan(0.08);
    });
  });

  it('compares optimisers over seeds', async () => {
    const lines = (await node('examples/compare-optimisers.mjs')).trim().split('\n');
    expect(lines.slice(0, 3).map((line) => line.match(/\d\d\.\d/g)?.length)).toEqual([6, 6, 6]);
    expect(lines[3]).toMatch(/^adam beats sgd by \d\.\d+ points \[.*\], p [<=] 0\.\d+, 6 seeds$/);
  });

  it('draws a learning curve', async () => {
    const lines = (await node('examples/learning-curve.mjs')).trim().split('\n');
    expect(lines.map((line) => Number.parseInt(line, 10))).toEqual([25, 50, 100, 200, 400, 800]);
    const means = lines.map((line) => Number(/rows {2}(\S+) %/.exec(line)![1]));
    expect(means[5]).toBeGreaterThan(means[0]);
  });

  it('says what each part of a recipe is worth', async () => {
    const lines = (await node('examples/ablation.mjs')).trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^the whole recipe beats the one without relu by \d+\.\d points of error/);
  });

  it('counts the same successes on any number of threads', async () => {
    const counts = async (threads: string) =>
      (await node('examples/success-rates.mjs', '6', threads)).split('\n').slice(1, -2);
    const [one, two] = await Promise.all([counts('1'), counts('2')]);
    expect(one).toEqual(two);
    expect(one).toHaveLength(7);
    expect(one[2]).toMatch(/^xor +2-2-1 +silu +sgd +6 of 6 /);
  });
});
