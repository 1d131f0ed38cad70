/** Pictures of learning: what is recorded is what the model predicts, and goes on when a run is resumed. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '#src/errors.js';
import { loadModel } from '#src/model/index.js';
import { CELL, type Grid, regionPath } from '#src/report/picture/contours.js';
import { drawPicture, pictureKind } from '#src/report/picture/picture.js';
import { makeReport } from '#src/report/report.js';
import { readPicture } from '#src/run/picture/file.js';
import { type RunOptions, resume, train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent } from '#src/train/events.js';
import { trainCommand } from '../../dist/bin/commands/train.js';
import { smallPicture } from '../../dist/bin/render/picture.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-picture-'));
const place = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const MOONS: TrainOptions = {
  data: 'moons:120',
  hidden: [6],
  optimizer: 'adam',
  lr: 0.03,
  epochs: 9,
  kernels: 'portable',
  workers: 0,
};

async function trained(options: TrainOptions, run: RunOptions, stopAfter = Number.POSITIVE_INFINITY) {
  const abort = new AbortController();
  let end: EndEvent | null = null;
  for await (const event of train(options, { ...run, signal: abort.signal })) {
    if (event.type === 'epoch' && event.epoch === stopAfter) abort.abort();
    if (event.type === 'end') end = event;
  }
  return end!;
}

/** Twice the area within the closed lines of a path, counted as the sum over its corners; in cells. */
function area(path: string): number {
  const loops = path.split('M').filter((text) => text !== '');
  return loops.reduce((sum, loop) => {
    const numbers = loop.match(/-?\d+/g)!.map(Number);
    let [x, y] = numbers;
    const [first, last] = [
      [x, y],
      [x, y],
    ];
    let doubled = 0;
    for (let i = 2; i < numbers.length; i += 2) {
      [x, y] = [last[0] + numbers[i], last[1] + numbers[i + 1]];
      doubled += last[0] * y - x * last[1];
      last.splice(0, 2, x, y);
    }
    doubled += x * first[1] - first[0] * y;
    return sum - doubled / 2 / CELL ** 2; // the drawing's y points down
  }, 0);
}

describe('a region', () => {
  const gridOf = (size: number, at: Grid['at']): Grid => ({ size, at });

  it('of a cone is a circle', () => {
    const cone = gridOf(41, (x, y) => 15 - Math.hypot(x - 20, y - 20));
    expect(area(regionPath(cone, 0))).toBeCloseTo(Math.PI * 15 ** 2, -1);
    expect(Math.abs(area(regionPath(cone, 0)) / (Math.PI * 15 ** 2) - 1)).toBeLessThan(0.005);
    expect(Math.abs(area(regionPath(cone, 5)) / (Math.PI * 10 ** 2) - 1)).toBeLessThan(0.01);
    expect(area(regionPath(cone, -100))).toBe(40 * 40);
    expect(regionPath(cone, 16)).toBe('');
  });

  it('and what lies outside it fill the grid, whatever the numbers', () => {
    const size = 6;
    const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: size ** 2, maxLength: size ** 2 });
    fc.assert(
      fc.property(numbers, (values) => {
        const grid = gridOf(size, (x, y) => values[y * size + x]);
        const negative = gridOf(size, (x, y) => -values[y * size + x]);
        const both = area(regionPath(grid, 0.4)) + area(regionPath(negative, -0.4));
        expect(Math.abs(both - (size - 1) ** 2)).toBeLessThan(0.5); // corners are rounded to a 20th of a cell
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

describe('a training on two numbers', () => {
  const run = place('moons');
  beforeAll(async () => void (await trained(MOONS, { out: run })));

  it('records frames after 0, 1, 2, 4, … epochs, and the weights that are kept', () => {
    const { plane, frames } = readPicture(run)!;
    const kept = frames.at(-1)!;
    expect(frames.slice(0, -1).map(({ epoch }) => epoch)).toEqual(
      [0, 1, 2, 4, 8].filter((epoch) => epoch < kept.epoch),
    );
    expect(kept.final).toBe(true);
    expect(plane).toMatchObject({ inputs: ['x1', 'x2'], classes: ['0', '1'], range: null });
    expect(plane.points).toHaveLength(108);
  });

  it('records what the model predicts', async () => {
    const { plane, frames } = readPicture(run)!;
    const { low, high, size } = plane;
    const [grid] = frames.at(-1)!.grids;
    const at = (input: number, step: number) => low[input] + ((high[input] - low[input]) * step) / (size - 1);
    const model = await loadModel(run, { kernels: 'portable' });
    const rows = Array.from(grid, (_, i) => [at(0, i % size), at(1, Math.floor(i / size))]);
    const predicted = [...model.predictRows(rows).batches()].flatMap((batch) => [...batch.predicted]);
    expect(new Set(predicted)).toEqual(new Set(['0', '1']));
    expect(Array.from(grid, (lead) => (lead > 0 ? '1' : '0'))).toEqual(predicted);
  });

  it('ends in the same weights as one that records nothing', async () => {
    const { weightsSha256 } = await trained(MOONS, { out: null });
    expect((await loadModel(run)).weightsSha256).toBe(weightsSha256);
  });

  it('gives the same picture when it is interrupted and goes on, and when it was planned shorter', async () => {
    const stopped = place('stopped');
    await trained(MOONS, { out: stopped }, 5);
    for await (const event of resume(stopped)) void event;
    expect(drawPicture(stopped, 'svg')).toBe(drawPicture(run, 'svg'));
    const shorter = place('shorter');
    const constant = { ...MOONS, schedule: 'constant', keep: 'last' } as const;
    await trained({ ...constant, epochs: 4 }, { out: shorter });
    for await (const event of resume(shorter, { epochs: 9 })) void event;
    const longer = place('longer');
    await trained(constant, { out: longer });
    expect(drawPicture(shorter, 'svg')).toBe(drawPicture(longer, 'svg'));
  });

  it('is drawn in the report and on a terminal', async () => {
    const { html } = await makeReport(run);
    const { frames } = readPicture(run)!;
    expect(html).toContain('id="picture"');
    expect(html.split('href="#picture-rows"')).toHaveLength(frames.length + 1);
    const lines = smallPicture(run)!.split('\n');
    expect(lines).toHaveLength(21);
    for (const line of lines.slice(0, 20)) expect(line).toMatch(/^[·#]{40}$/);
    expect(lines[0]).toContain('·'); // the first moon lies above
    expect(lines[19]).toContain('#');
    expect(lines[20]).toBe('· 0  # 1 (x1 to the right, x2 upwards)');
  });

  it('says so where its file is damaged', () => {
    const text = readFileSync(join(run, 'picture.jsonl'), 'utf8');
    expect(() => drawPicture(place('nowhere'), 'svg')).toThrow(DataError);
    const file = join(place('stopped'), 'picture.jsonl');
    writeFileSync(file, `${text}{"type":"frame","epoch":16,"gri`);
    expect(readPicture(place('stopped'))).toEqual(readPicture(run));
    writeFileSync(file, text.replace('"size":49', '"size":"many"'));
    expect(() => readPicture(place('stopped'))).toThrow(/picture\.jsonl:1: .*size.*delete the file/);
  });
});

it('a number is drawn by its place in the range, and several classes each by their lead', async () => {
  const table = place('surface.csv');
  const rows = Array.from({ length: 200 }, (_, i) => [(i % 20) / 10, Math.floor(i / 20) / 5]);
  writeFileSync(table, `north,east,height\n${rows.map(([a, b]) => `${a},${b},${2 * a - b}`).join('\n')}\n`);
  const plain = { preset: 'none', workers: 0, kernels: 'portable' } as const;
  const surface = place('surface');
  await trained(
    { ...plain, data: table, target: 'height', hidden: [], lr: 0.1, epochs: 16 },
    { out: surface },
  );
  const { plane, frames } = readPicture(surface)!;
  expect(plane).toMatchObject({ inputs: ['north', 'east'], classes: null, target: 'height' });
  const [grid] = frames.at(-1)!.grids;
  expect(grid[48]).toBeGreaterThan(grid[0]); // it rises to the north
  expect(grid[48 * 49]).toBeLessThan(grid[0]); // and falls to the east
  expect(drawPicture(surface, 'html')).toContain('height: the stronger the blue, the larger');

  const blobs = place('blobs');
  await trained({ ...plain, data: 'blobs:60', hidden: [], lr: 0.1, epochs: 2 }, { out: blobs });
  for (const { grids } of readPicture(blobs)!.frames) {
    expect(grids).toHaveLength(3);
    const leading = Array.from(grids[0], (_, i) => grids.filter((lead) => lead[i] > 0).length);
    expect(new Set(leading)).toEqual(new Set([1]));
  }
});

describe('where no picture can be drawn', () => {
  const run = { out: place('none'), picture: true };
  it.each([
    [{ data: 'iris' }, /--picture: a picture shows the plane of two inputs, and this network has 4/],
    [{ data: 'sine' }, /this network has one/],
    [{ data: 'moons:60', bag: 2 }, /--picture shows one network, and --bag trains several/],
    [{ data: 'moons:60', cv: 2 }, /--picture shows one network, and a cross-validation trains several/],
  ])('%j is refused before it trains', async (options, message) => {
    const refused = trained({ ...options, epochs: 1, workers: 0 } as TrainOptions, run);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(trained({ ...options, epochs: 1, workers: 0 } as TrainOptions, run)).rejects.toThrow(
      message,
    );
    expect(existsSync(run.out)).toBe(false);
  });

  it('a file of another kind and a command that does not train are refused', async () => {
    expect(() => pictureKind('moons.png')).toThrow('--picture moons.png: the name must end in .svg or .html');
    const words = { data: 'moons', 'dry-run': true, picture: 'moons.svg' };
    await expect(trainCommand.run(words)).rejects.toThrow(
      /--picture draws a training, and --dry-run trains nothing/,
    );
  });
});

it('docs/xor.svg is what the example draws; UPDATE_DOCS=1 draws it anew', async () => {
  const out = place('xor');
  const { options } = await import('#src/explain/given.js').then(({ readGivenConfig }) =>
    readGivenConfig('examples/xor.yaml'),
  );
  await trained({ ...(options as TrainOptions), kernels: 'portable' }, { out });
  const kept = resolve('docs/xor.svg');
  const drawn = drawPicture(out, 'svg');
  if (process.env.UPDATE_DOCS) writeFileSync(kept, drawn);
  else expect(existsSync(kept) && readFileSync(kept, 'utf8')).toBe(drawn);
});
