/** The machine, and where the time went. */
import { COLOUR } from '../../bench/plot/theme.js';
import type { ProfileReport } from '../../train/profile.js';
import { type Draw, quantity } from '../chart.js';
import { factList, grid, noteList, numbersTable, type PageSection } from '../elements.js';
import { numberText, percentText, timeText } from '../format.js';
import { html } from '../html.js';
import type { OpenedRun } from './open.js';

/** Changes of the number of workers, and retries, that are shown: the last ones. */
const MOST_NOTES = 5;

/** Returns the section of machine and time. */
export async function machineSection({ record, log, config }: OpenedRun, draw: Draw): Promise<PageSection> {
  const { machine, result, kernels, library } = record;
  const epochSeconds = log.curves.flatMap(({ epochs }) => epochs.map(({ seconds }) => seconds));
  const training = epochSeconds.reduce((sum, seconds) => sum + seconds, 0);
  const profile = result?.profile;
  const chart = profile && (await profileChart(profile, draw));
  const body = html`${factList([
    ...Object.entries(machine).map(([name, value]): [string, string] => [
      MACHINE_NAMES[name] ?? name,
      typeof value === 'number' ? numberText(value) : value,
    ]),
    ['Kernels', `${kernels}${library ? ` (${library.version})` : ''}`],
    ['Precision', config.precision],
    ['Workers', result && numberText(result.workers)],
    ['Shards', numberText(config.shards)],
    ['Rows a second', result && numberText(result.samplesPerSecond)],
    ['In all', result && timeText(result.wallSeconds)],
    ['Training alone', epochSeconds.length > 0 && timeText(training)],
    ['gradpool', record.gradpool],
  ])}${noteList([
    ...log.workers.slice(-MOST_NOTES).map((why) => `Workers ${why}`),
    ...log.retries.slice(-MOST_NOTES),
  ])}${chart}`;
  return { id: 'machine', title: 'Machine and time', body };
}

const MACHINE_NAMES: Readonly<Record<string, string>> = {
  node: 'Node',
  v8: 'V8',
  platform: 'Platform',
  cpu: 'CPU',
  cores: 'Cores',
  memoryMiB: 'Memory, MiB',
  instructions: 'Instructions',
};

async function profileChart({ seconds, steps, rows }: ProfileReport, draw: Draw) {
  const parts = Object.entries(seconds).filter(([, value]) => value > 0);
  const total = parts.reduce((sum, [, value]) => sum + value, 0);
  const chart = await draw({
    title: 'Where the time went',
    subtitle: `${numberText(steps)} steps on ${numberText(rows)} rows`,
    alt: `Seconds by part: ${parts.map(([name, value]) => `${name} ${timeText(value)}`).join(', ')}`,
    height: 40 + 22 * parts.length,
    spec: {
      data: { values: parts.map(([name, value]) => ({ name, value })) },
      mark: { type: 'bar', color: COLOUR.blue, height: { band: 0.7 } },
      encoding: {
        y: { field: 'name', type: 'nominal', sort: null, title: null },
        x: quantity('value', 'seconds', { scale: { zero: true } }),
      },
    },
  });
  return html`${grid([chart])}${numbersTable({
    caption: 'seconds by part',
    columns: ['Part', 'time', 'share'],
    rows: parts.map(([name, value]) => [name, timeText(value), percentText(value / total)]),
  })}`;
}
