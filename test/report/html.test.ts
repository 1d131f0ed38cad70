/** HTML in which everything that comes from a file is escaped and can be seen. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dataTable, factList, noteList } from '#src/report/elements.js';
import { Html, html } from '#src/report/html.js';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '<script>',
    '</td>',
    '"',
    "'",
    '&lt;',
    '\u001b[31m',
    '\u202e',
    '\ud800',
    '<!--',
    ']]>',
    '\u0000',
  ),
);

const unescaped = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => {
    return { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }[name]!;
  });

it('holds no tag, quote or unseen character of a value', () => {
  fc.assert(
    fc.property(hostile, (value) => {
      const { text } = html`<p title="${value}">${[value]}</p>`;
      const [, attribute, content] = /^<p title="([^"]*)">([^<>]*)<\/p>$/s.exec(text)!;
      expect(attribute).toBe(content);
      expect(content).not.toMatch(/[<>"']|[^\P{Cc}\n\t]|\p{Surrogate}|[\u202a-\u202e\u2066-\u2069]/u);
      expect(content).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/);
      const seen = unescaped(content);
      expect([...seen].length).toBe([...value].length);
      const plain = (one: string) =>
        [...one].filter((character) => /[\p{L}\p{N}<>&"' ]/u.test(character)).join('');
      expect(plain(seen)).toBe(plain(value));
    }),
    { numRuns: 500 },
  );
});

it('keeps HTML, lists and numbers, and leaves out what is nothing', () => {
  expect(html`${new Html('<b>')}${[1, null, ['<', undefined]]}${false}${0}`.text).toBe('<b>1&lt;0');
});

it('cuts huge values, in text and in cells', () => {
  const huge = 'x'.repeat(1e6);
  expect(html`<p>${huge}</p>`.text).toMatch(/^<p>x{1000}… \(999000 more characters\)<\/p>$/);
  const table = dataTable({ caption: 'c', columns: ['a', huge], rows: [[huge, huge]] });
  const facts = factList([[huge, huge]]);
  expect(table.text.length + facts.text.length + noteList([huge]).text.length).toBeLessThan(7000);
});

it('gives tables a caption and scopes, and counts the rows that are left out', () => {
  const rows = [['r', 1] as const, ['s', 2] as const, ['t', 3] as const];
  const { text } = dataTable({ caption: 'C', columns: ['A', 'B'], rows, most: 2, elsewhere: 'x.csv' });
  expect(text).toContain('<caption>C</caption>');
  expect(text.match(/<th scope="col"/g)).toHaveLength(2);
  expect(text.match(/<th scope="row"/g)).toHaveLength(2);
  expect(text).toContain('… and 1 more, in x.csv.');
});
