/** The report as one SVG of charts, drawn by Vega-Lite: no script, no network, light and dark. */
import type { BenchReport } from '../report.js';
import { breakdownPanel, peakPanel, targetPanel } from './costs.js';
import type { Panel } from './elements.js';
import { growthPanels } from './growth.js';
import { batchPanel, efficiencyPanel, speedupPanel } from './scaling.js';
import { COLOUR, CONFIG, withDarkColours } from './theme.js';

/** Draws the charts of every part that was measured. */
export async function benchSvg(report: BenchReport): Promise<string> {
  const { View, parse } = await import('vega'); // loading takes a third of a second: only for a plot
  const { compile } = await import('vega-lite');
  const { strong, batch, target, growth } = report;
  const panels: Panel[] = [
    ...speedupPanel(report),
    ...efficiencyPanel(report),
    ...(batch ? batchPanel(batch) : []),
    ...(strong ? breakdownPanel(strong) : []),
    ...peakPanel(report),
    ...(target ? targetPanel(target) : []),
    ...(growth ? growthPanels(growth) : []),
  ];
  const { spec } = compile(
    {
      title: {
        text: title(report),
        subtitle: subtitle(report),
        fontSize: 17,
        subtitleFontSize: 12,
        subtitlePadding: 6,
        offset: 22,
        color: COLOUR.text,
      },
      concat: panels,
      columns: 2,
      bounds: 'flush',
      spacing: { row: 140, column: 124 },
      resolve: { scale: { color: 'independent', x: 'independent', y: 'independent' } },
    } as unknown as Parameters<typeof compile>[0],
    { config: CONFIG },
  );
  const svg = await new View(parse(spec), { renderer: 'none' }).toSVG();
  return withDarkColours(svg, title(report));
}

function title({ settings: { network, batch, kernels, precision, parts } }: BenchReport): string {
  const grows = parts.every((part) => part === 'growth');
  const what = grows ? 'how costs grow' : `${network.join('-')}, batch ${batch}`;
  return `gradpool bench: ${what}, ${kernels} kernels, ${precision}`;
}

function subtitle({ machine, proof, settings }: BenchReport): string[] {
  const commit = machine.commit === null ? '' : ` (${machine.commit})`;
  return [
    `${machine.cpu}, ${machine.cores.usable} cores, load ${machine.load[0].toFixed(1)} before the start; gradpool ${machine.gradpool}${commit}, node ${machine.node}`,
    proof.identical
      ? `weights identical for ${settings.workers.join(', ')} workers: yes (sha256 ${proof.sha256[0].slice(0, 16)}…)`
      : `weights identical for ${settings.workers.join(', ')} workers: NO`,
  ];
}
