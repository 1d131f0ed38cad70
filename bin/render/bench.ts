/** Writes the benchmark's report for people, as text and as Markdown. */
import type { BenchReport } from '../../src/bench/report.js';
import { headFacts, proofLine, sections } from './benchsections.js';
import type { Section } from './benchunits.js';
import { facts, painter, table } from './text.js';

export function benchText(report: BenchReport): string {
  const paint = painter(process.stdout);
  const sectionText = ({ title, header, rows, remarks, drawing = [] }: Section) => {
    const [head, ...body] = table(header, rows, Number.POSITIVE_INFINITY).split('\n');
    return [
      paint('bold', title),
      '',
      paint('dim', head),
      ...body,
      ...(remarks.length > 0 ? ['', ...remarks] : []),
      ...(drawing.length > 0 ? ['', ...drawing] : []),
    ].join('\n');
  };
  const proof = proofLine(report.proof);
  return [
    facts(headFacts(report)),
    ...sections(report).map(sectionText),
    report.proof.identical ? paint('green', proof) : paint('bold', proof),
    ...(report.warnings.length > 0
      ? [report.warnings.map((warning) => `${paint('yellow', 'warning')}: ${warning}`).join('\n')]
      : []),
  ].join('\n\n');
}

export function benchMarkdown(report: BenchReport): string {
  const sectionText = ({ title, header, rows, remarks, drawing = [] }: Section) =>
    [
      `### ${title}`,
      markdownTable(header, rows),
      ...remarks.map((remark) => `${capital(remark)}.`),
      ...(drawing.length > 0 ? [['```text', ...drawing, '```'].join('\n')] : []),
    ].join('\n\n');
  return [
    `## gradpool bench: ${report.settings.network.join('-')}`,
    markdownTable(['', ''], headFacts(report)),
    ...sections(report).map(sectionText),
    `**${proofLine(report.proof)}**`,
    ...report.warnings.map((warning) => `> **Warning:** ${warning}`),
  ].join('\n\n');
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const numeric = header.map((_, column) => rows.every((row) => /^([-.\d].*)?$/.test(row[column])));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = line(numeric.map((right) => (right ? '---:' : '---')));
  return [line(header), rule, ...rows.map(line)].join('\n');
}

const capital = (text: string) => text[0].toUpperCase() + text.slice(1);
