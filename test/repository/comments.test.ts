/** Comments stay within the width to which the formatter breaks code. */
import { describe, expect, it } from 'vitest';
import { ASSEMBLY, commentLines, FILES, read, SOURCES, TESTS } from './files.js';

const WIDTH: number = JSON.parse(read('biome.json')).formatter.lineWidth;

function tooWide(text: string): number[] {
  return commentLines(text).flatMap((line) => ([...line.text].length > WIDTH ? [line.number] : []));
}

describe('comments', () => {
  it('are no wider than the formatter allows', () => {
    const scripts = FILES.filter((file) => file.endsWith('.mjs'));
    const wide = [...SOURCES, ...ASSEMBLY, ...TESTS, ...scripts].flatMap((file) =>
      tooWide(read(file)).map((number) => `${file}:${number}`),
    );
    expect(wide).toEqual([]);
  });

  it('are found after code and over several lines, and not in strings', () => {
    const long = 'x'.repeat(WIDTH);
    expect(tooWide(`const a = 1; // ${long}\n`)).toEqual([1]);
    expect(tooWide(`/**\n * ${long}\n */\nlet b = /['"]/; // short\n/* ${long} */\n`)).toEqual([2, 5]);
    expect(
      tooWide(`const c = '// ${long}';\nconst d = \`\n/* ${long} */\`;\nconst e = /\\/\\/${long}/;`),
    ).toEqual([]);
  });
});
