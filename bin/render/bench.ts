/** Writes the benchmark's report for people, as text and as Markdown. */
import type { BenchReport } from '../../src/bench/report.js';
import { headFacts, peaksText, proofLine, sections } from './benchsections.js';
import type { Section } from './benchunits.js';
import { facts, painter, table } from './text.js';

/** What a benchmark has found, for people. */
export interface BenchDocument {
  readonly title: string;
  readonly facts: readonly (readonly [string, string])[];
  readonly sections: readonly Section[];
  /** Whether weights are identical; null where nothing was trained. */
  readonly proof: { readonly text: string; readonly identical: boolean } | null;
  readonly warnings: readonly string[];
}

const documentOf = (report: BenchReport): BenchDocument => ({
  title: `gradpool bench: ${report.settings.network.join('-')}`,
  facts: headFacts(report, peaksText(report.peaks)),
  sections: sections(report),
  proof: { text: proofLine(report.proof), identical: report.proof.identical },
  warnings: report.warnings,
});

export const benchText = (report: BenchReport): string => textOfDocument(documentOf(report));
export const benchMarkdown = (report: BenchReport): string => markdownOfDocument(documentOf(report));

export function textOfDocument({ facts: head, sections, proof, warnings }: BenchDocument): string {
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
  return [
    facts(head),
    ...sections.map(sectionText),
    ...(proof ? [paint(proof.identical ? 'green' : 'bold', proof.text)] : []),
    ...(warnings.length > 0
      ? [warnings.map((warning) => `${paint('yellow', 'warning')}: ${warning}`).join('\n')]
      : []),
  ].join('\n\n');
}

export function markdownOfDocument({ title, facts: head, sections, proof, warnings }: BenchDocument): string {
  const sectionText = ({ title, header, rows, remarks, drawing = [] }: Section) =>
    [
      `### ${title}`,
      markdownTable(header, rows),
      ...remarks.map((remark) => `${capital(remark)}.`),
      ...(drawing.length > 0 ? [['```text', ...drawing, '```'].join('\n')] : []),
    ].join('\n\n');
  return [
    `## ${title}`,
    markdownTable(['', ''], head),
    ...sections.map(sectionText),
    ...(proof ? [`**${proof.text}**`] : []),
    ...warnings.map((warning) => `> **Warning:** ${warning}`),
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
