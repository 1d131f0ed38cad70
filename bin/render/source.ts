import { type Finding, findingText } from '../../src/data/findings/finding.js';
import type { ColumnDescription, SourceDescription } from '../../src/data/tables/describe.js';
import { type Cell, countOf, significant, table } from './text.js';

/**
 * Writes what a source holds, and what should be checked in it.
 * @param withTarget whether the findings are those of a training, with a target
 */
export function sourceText({ name, kind, parts, findings }: SourceDescription, withTarget: boolean): string {
  const sections = parts.map((part) => {
    const title = parts.length > 1 ? `${name}, ${part.name}` : name;
    const columns = `${countOf(part.columns.length, 'column')}`;
    const header = ['column', 'type', 'missing', 'distinct', 'min', 'mean', 'max', 'std', 'most frequent'];
    const said = part.columns.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`));
    const notes = said.length === 0 ? '' : `\n\n${said.join('\n')}`;
    return `${title}: ${countOf(part.rows, 'row')}, ${columns}\n\n${table(header, part.columns.map(cells))}${notes}`;
  });
  if (kind === 'table') sections.push(findingsText(findings, withTarget));
  return sections.join('\n\n');
}

function findingsText(findings: readonly Finding[], withTarget: boolean): string {
  const hint = withTarget ? '' : ' (-t TARGET looks for leakage, rare classes and overlapping parts as well)';
  if (findings.length === 0) return `nothing to check was found${hint}`;
  const lines = findings.map((finding) => `${finding.kind}: ${findingText(finding)}`);
  return `to check before training: ${countOf(findings.length, 'finding')}${hint}\n\n${lines.join('\n')}`;
}

function cells({ name, type, missing, distinct, range, examples }: ColumnDescription): Cell[] {
  const { min, mean, max, std } = range ?? {};
  const numbers = [min, mean, max, std].map((value) => (value === undefined ? '' : short(value)));
  return [name, type, missing, distinct ?? '', ...numbers, examples.slice(0, 3).join(', ')];
}

/** Writes a number of a column; four digits have no separator, because they may be years. */
function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000 && size < 10_000) return String(Math.round(value));
  return Number.isInteger(value) && size < 1000 ? String(value) : significant(value);
}
