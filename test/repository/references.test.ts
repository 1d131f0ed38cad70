/** References lead somewhere: the lecture's sections, the promises, Markdown files, headings and links. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ASSEMBLY, comments, FILES, MARKDOWN, read, SOURCES, TESTS } from './files.js';

/** The numbers of the lecture's sections, and the names of the promises. */
const SECTIONS = headings('docs/lecture.md').map((heading) => /^(\d+)\. /.exec(heading)?.[1]);
const PROMISES = headings('ARCHITECTURE.md').map((heading) => /^(P\d) /.exec(heading)?.[1]);

/** Returns the headings of a Markdown file, without the marks in front. */
function headings(file: string): string[] {
  return [...withoutCode(read(file)).matchAll(/^#+ +(.+?)\s*$/gm)].map(([, heading]) => heading);
}

/** GitHub's name for a heading in a link: lower case, without punctuation, hyphens for spaces. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/** The text without its code: fenced and indented blocks, and code within a line. */
function withoutCode(markdown: string): string {
  return markdown
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/^ {4}.*$/gm, '')
    .replace(/`[^`\n]*`/g, '');
}

/** Returns the numbers in references such as "section 4", "sections 2 and 3", "sections 1 to 3, 6 and 7". */
function sections(text: string): number[] {
  return [...text.matchAll(/\bsections? (\d+(?:(?:, | and | to )\d+)*)/g)].flatMap(([, list]) =>
    list.split(/, | and /).flatMap((part) => {
      const [first, last = first] = part.split(' to ').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    }),
  );
}

/** Returns what the text of a file refers to and the repository does not have. */
function deadReferences(file: string, text: string): string[] {
  return [
    ...sections(text).flatMap((n) => (SECTIONS.includes(String(n)) ? [] : [`section ${n}`])),
    ...[...text.matchAll(/\bP\d+\b/g)].flatMap(([name]) => (PROMISES.includes(name) ? [] : [name])),
    ...[...text.matchAll(/\bDESIGN\b/g)].map(([name]) => name),
    ...[...text.matchAll(/(?<![\w/.:"'])[\w./-]*\w\.md\b/g)]
      .map(([path]) => path)
      .filter((path) => ![path, join(dirname(file), path)].some((place) => existsSync(place))),
    ...[...text.matchAll(/\b([\w/]+\.md), "([^"]+)"/g)].flatMap(([words, path, heading]) =>
      existsSync(path) && headings(path).includes(heading) ? [] : [words],
    ),
  ];
}

/** Returns the links in the Markdown of `file` that lead to no file, or to no heading in one. */
function deadLinks(file: string, markdown: string): string[] {
  const targets = [
    ...withoutCode(markdown).matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|\b(?:src|href)="([^"]+)"/g),
  ].map(([, link, attribute]) => link ?? attribute);
  return targets.filter((target) => {
    if (/^[a-z]+:/i.test(target)) return false;
    const [path, fragment] = target.split('#');
    const place = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)));
    if (!existsSync(place)) return true;
    return fragment !== undefined && !headings(place).map(anchor).includes(fragment);
  });
}

/** Returns `file: what` for all that `search` finds in each file. */
function found(files: readonly string[], search: (file: string) => readonly string[]): string[] {
  return files.flatMap((file) => search(file).map((what) => `${file}: ${what}`));
}

describe('references', () => {
  const sources = [...SOURCES, ...ASSEMBLY, ...TESTS].filter((file) => !file.startsWith('test/repository/'));
  const scripts = FILES.filter((file) => /^(bin|test|examples|.ci)\/.*(\.(mjs|py|sh|yaml)|run)$/.test(file));

  it('in comments lead somewhere', () => {
    const inComments = (file: string) =>
      comments(read(file)).flatMap((comment) => deadReferences(file, comment));
    expect(found(sources, inComments)).toEqual([]);
  });

  it('in scripts and configurations lead somewhere', () => {
    expect(scripts).toContain('.ci/run');
    expect(found(scripts, (file) => deadReferences(file, read(file)))).toEqual([]);
  });

  it('in Markdown lead somewhere', () => {
    const prose = (file: string) => withoutCode(read(file)).replace(/\]\([^)]*\)/g, ']');
    expect(found(MARKDOWN, (file) => deadReferences(file, prose(file)))).toEqual([]);
  });

  it('that lead nowhere are found', () => {
    const text =
      'lecture, sections 1 to 3, 6 and 10; promises P1 and P9 (DESIGN, docs/nothing.md; docs/lecture.md, "Nothing")';
    expect(deadReferences('src/index.ts', text)).toEqual([
      'section 10',
      'P9',
      'DESIGN',
      'docs/nothing.md',
      'docs/lecture.md, "Nothing"',
    ]);
    expect(deadReferences('src/index.ts', 'lecture, section 3; P6 (docs/lecture.md, "Glossary")')).toEqual(
      [],
    );
  });
});

describe('links', () => {
  it('in Markdown lead to files and headings', () => {
    expect(found(MARKDOWN, (file) => deadLinks(file, read(file)))).toEqual([]);
  });

  it('that lead nowhere are found', () => {
    const text =
      '[a](lecture.md#1-calculus) [b](nothing.md) [c](#none) [d](lecture.md#none) ![e](../x.svg) `[f](g)`';
    expect(deadLinks('docs/data.md', text)).toEqual(['nothing.md', '#none', 'lecture.md#none', '../x.svg']);
  });
});
