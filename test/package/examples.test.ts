/** The examples in the docstrings, run and compiled in a project that has the package installed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportsOf } from './declarations.js';
import { installedProject, type Project } from './project.js';

let project: Project;
beforeAll(async () => {
  project = await installedProject();
});
afterAll(() => project.remove());

const examples = [...exportsOf('dist/src/index.d.ts')].flatMap(([name, { examples }]) =>
  examples.map((code, i) => ({ name: i === 0 ? name : `${name}-${i + 1}`, code })),
);
/** What the comments `// → …` of an example say that it prints. */
const expected = (code: string) => [...code.matchAll(/ \/\/ → (.*)$/gm)].map(([, text]) => text);

describe('the examples', () => {
  it('print what their comments say', async () => {
    for (const { name, code } of examples) project.write(`${name}.mjs`, code);
    // one process for all: a start takes longer than most examples
    const all = examples.map(({ name }) => `console.log('#${name}');\nawait import('./${name}.mjs');\n`);
    project.write('all.mjs', all.join(''));
    const printed = await project.node('all.mjs');
    const found = printed
      .split(/^#/m)
      .slice(1)
      .map((text) => text.trimEnd().split('\n'));
    expect(found).toEqual(examples.map(({ name, code }) => [name, ...expected(code)]));
  });

  it('compile under strict', async () => {
    const files = examples.map(({ name, code }) => {
      project.write(`${name}.mts`, code);
      return `${name}.mts`;
    });
    expect(await project.compile(files, { lib: ['es2023'], types: ['node'] })).toEqual([]);
  });
});
