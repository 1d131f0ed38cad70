/** Who may import whom: imports point down an order of folders, and a start loads no more than it needs. */
import { describe, expect, it } from 'vitest';
import { code, importedFile, read, SOURCES } from './files.js';

/** The folders from top to bottom: each may import from itself and from those after it. */
const ORDER = [
  'bin',
  'workers',
  'page',
  'src/index.ts',
  'src/report',
  'src/experiment',
  'src/bench',
  'src/explain',
  'src/run',
  'src/model',
  'src/train',
  'src/forward',
  'src/metrics',
  'src/calibration',
  'src/tensorboard',
  'src/ranks',
  'src/parallel',
  'src/network',
  'src/optim',
  'src/data',
  'src/kernels',
];
/** The level of the small files in src itself, which everyone may import. */
const GROUND = ORDER.length;

function level(file: string): number {
  const found = ORDER.findIndex((place) => file === place || file.startsWith(`${place}/`));
  return found === -1 ? GROUND : found;
}

/** Imports that the order alone would allow, with the reason why they are not. */
const APART: [string, string, string][] = [
  ['src/parallel/', 'src/network/', 'parallel/ knows no network'],
  ['src/parallel/', 'src/data/', 'parallel/ knows no data'],
  ['src/network/', 'src/data/', 'network/ knows no data'],
  ['src/network/', 'src/optim/', 'network/ knows no optimiser'],
  ['src/network/', 'src/parallel/', 'network/ knows no threads'],
  ['src/optim/', 'src/data/', 'optim/ knows no data'],
  ['src/model/', 'src/train/', 'model/ knows no training'],
  ['src/train/', 'src/model/', 'train/ knows no saved models'],
  ['src/forward/', 'src/optim/', 'forward/ knows no updates'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

const imports: Import[] = SOURCES.flatMap((file) =>
  [...code(read(file)).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, specifier]) => ({
    from: file,
    to: importedFile(file, specifier),
  })),
);

describe('imports', () => {
  it('point one way', () => {
    const upward = imports.filter(({ from, to }) => SOURCES.includes(to) && level(to) < level(from));
    expect(upward).toEqual([]);
  });

  it('keep what is apart apart', () => {
    for (const [a, b, why] of APART) {
      expect(
        imports.filter(({ from, to }) => from.startsWith(a) && to.startsWith(b)),
        why,
      ).toEqual([]);
    }
  });

  it('have no cycles', () => {
    const state = new Map<string, 'open' | 'done'>();
    const visit = (file: string, path: string[]): void => {
      if (state.get(file) === 'open') throw new Error(`cycle: ${[...path, file].join(' -> ')}`);
      if (state.get(file) === 'done') return;
      state.set(file, 'open');
      for (const { to } of imports.filter(({ from, to }) => from === file && SOURCES.includes(to)))
        visit(to, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of SOURCES) visit(file, []);
    expect(state.size).toBe(SOURCES.length);
  });

  it.each([
    ['piscina', 'src/threads.ts'],
    ['yargs', 'bin/'],
    ['cli-progress', 'bin/'],
    ['koffi', 'src/kernels/'],
  ])('%s only from %s', (name, place) => {
    const users = imports
      .filter(({ to }) => to === name || to.startsWith(`${name}/`))
      .map(({ from }) => from);
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((file) => !file.startsWith(place))).toEqual([]);
  });
});

describe('a start', () => {
  /** Returns what a file loads before it runs: its imports and theirs, without types and dynamic imports. */
  const loads = (file: string, seen = new Set<string>()): Set<string> => {
    for (const [, specifier] of code(read(file)).matchAll(
      /^(?:import|export)\s(?!type\b)(?:[^;]*?\sfrom\s)?'([^']+)'/gm,
    )) {
      const target = importedFile(file, specifier);
      if (seen.has(target)) continue;
      seen.add(target);
      if (SOURCES.includes(target)) loads(target, seen);
    }
    return seen;
  };

  it.each([
    [
      'bin/gradpool.ts',
      ['yargs', 'yaml', 'piscina', 'cli-progress', 'asciichart', '@dagrejs/dagre', '@duckdb/node-api'],
    ],
    ['src/run/train.ts', ['piscina', '@duckdb/node-api']],
    [
      'workers/gradient.ts',
      ['yaml', 'piscina', '@duckdb/node-api', 'src/data/load.ts', 'src/train/config.ts'],
    ],
  ])('of %s waits for no package that it may not need', (file, late) => {
    const loaded = loads(file);
    expect(loaded.size).toBeGreaterThan(10);
    expect(late.filter((name) => loaded.has(name))).toEqual([]);
  });
});
