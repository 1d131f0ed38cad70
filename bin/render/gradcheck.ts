/** Writes what the check of all derivatives found. */
import type { Controls, Float32Check, GradcheckReport, Group } from '../../src/explain/gradcheck.js';
import type { NetworkReport } from '../../src/explain/ownnetwork.js';
import { count, countOf, duration, facts, painter, table } from './text.js';

export function libraryText(report: GradcheckReport, seconds: number): string {
  const { all, layers, activations, divergences } = report;
  return [
    groupTable('layer', layers),
    groupTable('activation', activations),
    groupTable('divergence', divergences),
    facts([
      [
        'combinations',
        `${count(all.cases)} of layer x activation x divergence, ${countOf(all.parameters, 'derivative')}`,
      ],
      ...verdict(report),
      ['time', duration(seconds)],
    ]),
  ].join('\n\n');
}

export function networkText(report: NetworkReport, name: string, seconds: number): string {
  const rows = report.parameters.map(({ name, checked, count: all, kinks, small, error }) => [
    name,
    all === checked ? checked : `${count(checked)} of ${count(all)}`,
    kinks,
    small,
    checked === 0 ? 'an estimate' : scientific(error),
  ]);
  return [
    `${painter(process.stdout)('bold', name)}: ${countOf(report.rows, 'row')} from ${report.instance}`,
    table(['parameter', 'compared', 'kinks', 'too small', 'worst rel.err'], rows),
    facts([
      ['compared', countOf(report.all.parameters, 'derivative')],
      ...verdict(report),
      ['time', duration(seconds)],
    ]),
  ].join('\n\n');
}

function groupTable(title: string, groups: readonly Group[]): string {
  return table(
    [title, 'cases', 'derivatives', 'kinks', 'worst rel.err', 'Taylor slope'],
    groups.map(({ name, cases, parameters, kinks, error, slope }) => [
      name,
      cases,
      parameters,
      kinks,
      scientific(error),
      slope === null ? 'linear' : slope.toFixed(3),
    ]),
  );
}

type Outcome = Pick<GradcheckReport, 'all' | 'float32' | 'controls' | 'tolerance' | 'failures'>;

function verdict({ all, float32, controls, tolerance, failures }: Outcome): [string, string | null][] {
  const { error, slope, kinks, small, worst } = all;
  const paint = painter(process.stdout);
  return [
    ['kinks', `${count(kinks)} stepped over`],
    ['too small', small > 0 ? `${count(small)} too small to check: rounding leaves no digits` : null],
    ['worst', `relative error ${scientific(error)} (at most ${scientific(tolerance)}) in ${worst}`],
    ['Taylor slope', slope === null ? 'Div is linear' : `${slope.toFixed(3)} is furthest from 2`],
    ...float32.map((check): [string, string] => [`float32 ${check.kernels}`, float32Text(check)]),
    ['controls', controlsText(controls)],
    [
      'gradcheck',
      failures.length === 0 ? paint('green', 'passed') : paint('bold', `FAILED: ${failures.join('; ')}`),
    ],
  ];
}

const float32Text = ({ distance, share }: Float32Check) =>
  `within ${scientific(distance)} of float64, ${(100 * share).toFixed(1)} % of what rounding allows`;

function controlsText({ total, caught, small, error, slope }: Controls): string {
  const others = small > 0 ? `; ${count(small)} show in no derivative that is large enough to check` : '';
  const taylor = slope === null ? '' : `; Taylor slope of a gradient 1 % wrong: ${slope.toFixed(2)}`;
  return `${count(caught)} of ${count(total)} derivatives made wrong by 1e-5 were caught (the least error seen: ${scientific(error)})${others}${taylor}`;
}

const scientific = (value: number): string => (value === 0 ? '0' : value.toExponential(1));
