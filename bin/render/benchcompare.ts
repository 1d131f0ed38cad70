import type { BenchComparison, ComparedPoint } from '../../src/bench/compare.js';
import { facts, painter, plural, table } from './text.js';

export function comparisonText(comparison: BenchComparison): string {
  const { points, warnings, gate } = comparison;
  const paint = painter(process.stdout);
  const [head, ...body] = table(
    ['measured', 'old', 'new', 'time', '95 % interval', 'verdict'],
    points.map((point) => [
      point.name,
      milliseconds(point.old),
      milliseconds(point.new),
      change(point.ratio.value),
      `${change(point.ratio.low)} – ${change(point.ratio.high)}`,
      verdict(point),
    ]),
  ).split('\n');
  const lines = body.map((line, index) => {
    if (points[index].verdict === 'faster') return paint('green', line);
    return points[index].verdict === 'slower' ? paint('yellow', line) : line;
  });
  return [
    facts([
      ['old', comparison.old],
      ['new', comparison.new],
    ]),
    [paint('dim', head), ...lines].join('\n'),
    [
      summary(points),
      ...unmatched(comparison),
      'The intervals know the rounds of each report, not what differs from one start of a program to the next.',
      ...warnings.map((warning) => `${paint('yellow', 'warning')}: ${warning}`),
      ...(gate === null ? [] : [gateLine(comparison, gate)]),
    ].join('\n'),
  ].join('\n\n');
}

export function gateLine({ points }: BenchComparison, gate: number): string {
  const failed = points.filter((point) => point.failed);
  const limit = `slower by more than ${Number((100 * gate).toPrecision(6))} %`;
  if (failed.length === 0) return `gate passed: nothing is ${limit}`;
  return `gate not met: ${failed.map(({ name, ratio }) => `${name} (${change(ratio.value)})`).join('; ')} ${failed.length === 1 ? 'is' : 'are'} ${limit}`;
}

const change = (ratio: number): string =>
  `${ratio < 1 ? '−' : '+'}${Math.abs(100 * (ratio - 1)).toFixed(1)} %`;

const verdict = ({ verdict, failed }: ComparedPoint) => (failed ? `${verdict}, beyond the gate` : verdict);

function milliseconds(seconds: number): string {
  const value = 1000 * seconds;
  return `${value >= 0.1 ? value.toPrecision(4) : value.toExponential(2)} ms`;
}

function summary(points: readonly ComparedPoint[]): string {
  const number = (verdict: ComparedPoint['verdict']) =>
    points.filter((point) => point.verdict === verdict).length;
  return `${plural(points.length, 'point')}: ${number('faster')} faster, ${number('slower')} slower, ${number('no difference')} without a difference beyond chance`;
}

function unmatched({ unmatched: { old, new: now } }: BenchComparison): string[] {
  return [
    ...(old.length > 0 ? [`only in the old report: ${old.join('; ')}`] : []),
    ...(now.length > 0 ? [`only in the new report: ${now.join('; ')}`] : []),
  ];
}
