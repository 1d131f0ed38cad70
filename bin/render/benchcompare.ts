import { type BenchComparison, type ComparedPoint, RELEVANT } from '../../src/bench/compare.js';
import { countOf, facts, painter, table } from './text.js';

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
      summary(points, gate ?? RELEVANT),
      ...unmatched(comparison),
      'The intervals cover the rounds of each report, not what differs from one start of a program to the next.',
      ...warnings.map((warning) => `${paint('yellow', 'warning')}: ${warning}`),
      ...(gate === null ? [] : [gateLine(comparison, gate)]),
    ].join('\n'),
  ].join('\n\n');
}

export function gateLine({ points }: BenchComparison, gate: number): string {
  const failed = points.filter((point) => point.failed);
  const limit = `slower by more than ${percentText(gate)}`;
  if (failed.length === 0) return `gate passed: nothing is ${limit}`;
  return `gate not met: ${failed.map(({ name, ratio }) => `${name} (${change(ratio.value)})`).join('; ')} ${failed.length === 1 ? 'is' : 'are'} ${limit}`;
}

const percentText = (share: number): string => `${Number((100 * share).toPrecision(6))} %`;

const change = (ratio: number): string =>
  `${ratio < 1 ? '−' : '+'}${Math.abs(100 * (ratio - 1)).toFixed(1)} %`;

const verdict = ({ verdict, failed }: ComparedPoint) => (failed ? `${verdict}, beyond the gate` : verdict);

function milliseconds(seconds: number): string {
  const value = 1000 * seconds;
  return `${value >= 0.1 ? value.toPrecision(4) : value.toExponential(2)} ms`;
}

function summary(points: readonly ComparedPoint[], relevant: number): string {
  const numberOf = (verdict: ComparedPoint['verdict']) =>
    points.filter((point) => point.verdict === verdict).length;
  const unclear = numberOf('cannot tell');
  return [
    `${countOf(points.length, 'point')}: ${numberOf('faster')} faster, ${numberOf('slower')} slower, ${numberOf('no difference')} without a difference, ${unclear} unclear`,
    `no difference: the whole interval lies within ±${percentText(relevant)}`,
    ...(unclear > 0 ? ['cannot tell: the interval is wider than that; measure longer, with --seconds'] : []),
  ].join('\n');
}

/** The most names that are listed; the rest is counted. */
const MOST_NAMES = 8;

function unmatched({ unmatched: { old, new: now } }: BenchComparison): string[] {
  return [...namesText('only in the old report', old), ...namesText('only in the new report', now)];
}

/** Writes a title, and below it a name on each line. */
function namesText(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names.length <= MOST_NAMES + 1 ? names : names.slice(0, MOST_NAMES);
  const others = names.length - shown.length;
  return [
    `${title}:`,
    ...shown.map((name) => `  ${name}`),
    ...(others > 0 ? [`  … and ${others} more (--json lists all)`] : []),
  ];
}
