/** The repository tests itself: DESIGN's rules on who may import whom, and on what may not be called. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const sources = ['src', 'bin', 'workers'].flatMap(filesBelow).filter((file) => file.endsWith('.ts'));

/** From the top of the house to the ground: a folder may import from itself and from those after it. */
const ORDER = [
  'bin',
  'workers',
  'src/index.ts',
  'src/report',
  'src/experiment',
  'src/bench',
  'src/explain',
  'src/run',
  'src/model',
  'src/train',
  'src/parallel',
  'src/network',
  'src/optim',
  'src/data',
  'src/kernels',
];
/** Ground floor: small files in src itself that everyone may use. */
const GROUND = ORDER.length;

function level(file: string): number {
  const found = ORDER.findIndex((place) => file === place || file.startsWith(`${place}/`));
  return found === -1 ? GROUND : found;
}

/** Pairs that the order alone would allow. */
const APART: [string, string, string][] = [
  ['src/parallel/', 'src/network/', 'parallel/ knows no network'],
  ['src/parallel/', 'src/data/', 'parallel/ knows no data'],
  ['src/network/', 'src/data/', 'network/ knows no data'],
  ['src/network/', 'src/optim/', 'network/ knows no optimiser'],
  ['src/network/', 'src/parallel/', 'network/ knows no threads'],
  ['src/optim/', 'src/data/', 'optim/ knows no data'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

const imports: Import[] = sources.flatMap((file) =>
  [...code(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, to]) => ({
    from: file,
    to: to.startsWith('.') ? normalize(join(dirname(file), to)).replace(/\.js$/, '.ts') : to,
  })),
);

describe('imports', () => {
  it('point one way', () => {
    const upward = imports.filter(({ from, to }) => sources.includes(to) && level(to) < level(from));
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
      for (const { to } of imports.filter(({ from, to }) => from === file && sources.includes(to)))
        visit(to, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of sources) visit(file, []);
    expect(state.size).toBe(sources.length);
  });

  it.each([
    ['piscina', 'src/parallel/'],
    ['yargs', 'bin/'],
    ['cli-progress', 'bin/'],
    ['koffi', 'src/kernels/native/'],
  ])('%s only from %s', (name, place) => {
    const users = imports
      .filter(({ to }) => to === name || to.startsWith(`${name}/`))
      .map(({ from }) => from);
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((file) => !file.startsWith(place))).toEqual([]);
  });
});

describe('a start', () => {
  /** What a file needs before it runs: its imports and theirs, without types and without what is imported later on. */
  const loads = (file: string, seen = new Set<string>()): Set<string> => {
    for (const [, to] of code(file).matchAll(
      /^(?:import|export)\s(?!type\b)(?:[^;]*?\sfrom\s)?'([^']+)'/gm,
    )) {
      const target = to.startsWith('.') ? normalize(join(dirname(file), to)).replace(/\.js$/, '.ts') : to;
      if (seen.has(target)) continue;
      seen.add(target);
      if (sources.includes(target)) loads(target, seen);
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

describe('calls', () => {
  it('no Math.random anywhere', () => {
    expect(mentions(sources, /Math\.random/)).toEqual([]);
  });

  it('no transcendental Math.* on the training path', () => {
    const path = sources.filter(
      (file) =>
        /^(src\/(kernels|network|optim|parallel|train|data)\/|src\/[a-z]+\.ts|workers\/)/.test(file) &&
        !file.startsWith('src/kernels/reference/'),
    );
    const transcendental =
      /Math\.(exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|cbrt|hypot)\b|\*\*\s*[a-z]/;
    expect(mentions(path, transcendental)).toEqual([]);
  });

  it('process.exit and console only in bin/', () => {
    expect(
      mentions(
        sources.filter((file) => !file.startsWith('bin/')),
        /process\.exit\(|console\./,
      ),
    ).toEqual([]);
  });
});

describe('files', () => {
  it('no source file over 300 lines', () => {
    const long = sources
      .map((file) => ({ file, lines: readFileSync(file, 'utf8').trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });

  it("libraries are called through src/kernels/native, which alone loads koffi: doctor tells only of the package's version", () => {
    const named = sources.filter((file) => /['"`]koffi['"`]/.test(code(file)));
    expect(named.filter((file) => !file.startsWith('src/kernels/native/'))).toEqual(['bin/machine.ts']);
  });
});

describe('packages', () => {
  it('are pinned', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const [name, version] of Object.entries<string>({ ...dependencies, ...devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
    }
  });
});

function mentions(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    code(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

/** The file's text without its comments; line numbers stay. */
function code(file: string): string {
  return readFileSync(file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(^|\s)\/\/.*$/gm, '$1');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (path === 'src/kernels/wasm/assembly') return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
