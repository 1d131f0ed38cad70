/** The report of a benchmark: its charts, each with its numbers, and the machine. */
import { breakdownPanel, peakPanel, targetPanel } from '../bench/plot/costs.js';
import type { Panel } from '../bench/plot/elements.js';
import { growthPanels } from '../bench/plot/growth.js';
import { batchPanel, efficiencyPanel, speedupPanel } from '../bench/plot/scaling.js';
import { namedPoints, workersLabel } from '../bench/points.js';
import { STEP_PARTS } from '../bench/profile.js';
import type { BenchReport, ScalingPoint } from '../bench/report.js';
import type { Estimate } from '../bench/statistics.js';
import { chartDrawer, type Draw } from './chart.js';
import { dataTable, factList, grid, noteList, numbersTable, type PageSection } from './elements.js';
import { momentText, numberText, percentText, timeText } from './format.js';
import { type Html, html } from './html.js';
import type { Page } from './page.js';

/** Makes the page of a benchmark. */
export async function benchPage(report: BenchReport, file: string): Promise<Page> {
  const draw = await chartDrawer();
  const { settings, machine, proof, started } = report;
  const sections = [
    summary(report),
    await scalingSection(report, draw),
    await costsSection(report, draw),
    await otherSection(report, draw),
    pointsSection(report),
  ];
  return {
    title: `Benchmark of ${settings.network.join('-')}, batch ${settings.batch}`,
    lead: `${machine.cpu}, ${settings.kernels} kernels, ${settings.precision}; begun ${momentText(started)}`,
    status: proof.identical
      ? null
      : { text: `The weights differ between worker counts: ${proof.failures.join('; ')}`, bad: true },
    notes: report.warnings,
    sections: sections.filter((section) => section !== null),
    footer: html`Made by gradpool report from ${file}.`,
  };
}

function summary({ settings, machine, proof, parameters, seconds }: BenchReport): PageSection {
  const { commit, cores, load } = machine;
  const body = factList([
    ['Network', settings.network.join('-')],
    ['Parameters', numberText(parameters)],
    ['Batch', numberText(settings.batch)],
    ['Shards', numberText(settings.shards)],
    ['Kernels', settings.kernels],
    ['Precision', settings.precision],
    ['Workers', settings.workers.join(', ')],
    [
      'Weights identical for all of them',
      proof.identical ? `yes, after ${numberText(proof.steps)} steps` : 'no',
    ],
    ['CPU', machine.cpu],
    ['Usable cores', numberText(cores.usable)],
    ['Load before the start', numberText(load[0])],
    ['Node', machine.node],
    ['gradpool', `${machine.gradpool}${commit === null ? '' : ` (${commit})`}`],
    ['Measured for', timeText(seconds)],
  ]);
  return { id: 'summary', title: 'What was measured', body };
}

/** Draws a panel of the benchmark's own plot, with its title as a heading of the page. */
async function panelFigure(panel: Panel, draw: Draw): Promise<Html> {
  const { title, width, height, ...spec } = panel as Panel & {
    readonly title: { readonly text: string; readonly subtitle: string };
    readonly height: number;
  };
  const { text, subtitle } = title;
  // The plot's own marks count with the height of its panels, so that only the width is fitted to the page.
  return draw({
    title: text,
    subtitle,
    alt: `${text}: ${subtitle}`,
    height,
    legendColumns: text === PARTS_TITLE ? 2 : 1,
    spec: { ...spec, autosize: FITTED },
  });
}

/** The chart whose legend has many short names; those of the others are long. */
const PARTS_TITLE = "Where a step's time goes";

const FITTED = { type: 'fit-x', contains: 'padding' };

const figures = async (panels: readonly Panel[], draw: Draw): Promise<Html> =>
  grid(await Promise.all(panels.map((panel) => panelFigure(panel, draw))));

const estimateText = (estimate: Estimate | null): string =>
  estimate === null
    ? '–'
    : `${numberText(estimate.value)} [${numberText(estimate.low)}, ${numberText(estimate.high)}]`;

async function scalingSection(report: BenchReport, draw: Draw): Promise<PageSection | null> {
  const { strong, weak } = report;
  const panels = [...speedupPanel(report), ...efficiencyPanel(report)];
  if (panels.length === 0) return null;
  const table = (name: string, points: readonly ScalingPoint[] | undefined) =>
    points &&
    numbersTable({
      caption: name,
      columns: ['Workers', 'speed-up', 'efficiency', 'samples a second'],
      rows: points.map(({ workers, speedup, efficiency, samplesPerSecond }) => [
        workersLabel(workers),
        estimateText(speedup),
        percentText(efficiency),
        estimateText(samplesPerSecond),
      ]),
    });
  const body = html`${await figures(panels, draw)}
${table('strong scaling, where the workers share a batch, with 95 % intervals', strong?.points)}
${table('weak scaling, where the batch grows with the workers, with 95 % intervals', weak?.points)}`;
  return { id: 'scaling', title: 'Speed-up', body };
}

async function costsSection(report: BenchReport, draw: Draw): Promise<PageSection | null> {
  const { strong } = report;
  if (!strong) return null;
  const panels = [...breakdownPanel(strong), ...peakPanel(report)];
  const body = html`${await figures(panels, draw)}
${numbersTable({
  caption: 'milliseconds a step by part, and GFLOP/s',
  columns: ['Workers', ...STEP_PARTS, 'GFLOP/s', 'of the peak'],
  rows: strong.points.map(({ workers, breakdown, gflops, peakShare }) => [
    workersLabel(workers),
    ...STEP_PARTS.map((part) => numberText(1000 * breakdown[part])),
    numberText(gflops),
    percentText(peakShare),
  ]),
})}`;
  return { id: 'costs', title: 'Where the time goes', body };
}

async function otherSection({ batch, target, growth }: BenchReport, draw: Draw): Promise<PageSection | null> {
  const panels = [
    ...(batch ? batchPanel(batch) : []),
    ...(target ? targetPanel(target) : []),
    ...(growth ? growthPanels(growth) : []),
  ];
  if (panels.length === 0) return null;
  return { id: 'other', title: 'Batch, target and growth', body: await figures(panels, draw) };
}

function pointsSection(report: BenchReport): PageSection {
  const points = namedPoints(report);
  const body = html`${noteList(['Times are medians with 95 % intervals; gradpool bench compare compares two reports point by point.'])}${dataTable(
    {
      caption: 'Every measured point',
      columns: ['Point', 'measured', 'seconds', 'low', 'high', 'times'],
      words: [1],
      rows: points.map(({ name, measured, seconds, times }) => [
        name,
        measured,
        numberText(seconds.value),
        numberText(seconds.low),
        numberText(seconds.high),
        numberText(times.length),
      ]),
    },
  )}`;
  return { id: 'points', title: 'Points', body };
}
