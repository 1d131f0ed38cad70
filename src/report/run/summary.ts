/** What was trained, how it ended, and the command that repeats it. */
import { join } from 'node:path';
import { shellPath, shellWord } from '../../data/words.js';
import type { Metrics } from '../../forward/metrics.js';
import { RUN_FILES, type RunRecord } from '../../run/folder.js';
import type { BaselineMetrics } from '../../train/baseline.js';
import { commandBlock, dataTable, factList, headlines, type PageSection } from '../elements.js';
import { metricText, momentText, numberText, timeText } from '../format.js';
import { type Html, html } from '../html.js';
import type { Page } from '../page.js';
import type { OpenedRun } from './open.js';

/** Writes how a run stands: null where it has ended as it should. */
export function runStatus({ folder, record, log }: OpenedRun): Page['status'] {
  const { status, error } = record;
  const done = Math.max(0, ...log.curves.map(({ epochs }) => epochs.at(-1)?.epoch ?? 0));
  const after = `after ${done} ${done === 1 ? 'epoch' : 'epochs'}`;
  const resume = `gradpool resume ${shellPath(folder)} goes on with it`;
  if (status === 'running') {
    return {
      text: `This run has not ended: the report shows it as it stood ${after}. If its process is gone, ${resume}.`,
      bad: false,
    };
  }
  if (status === 'interrupted') return { text: `This run was interrupted ${after}; ${resume}.`, bad: false };
  if (status === 'diverged' || status === 'failed') {
    return { text: `This run ${status} ${after}: ${error ?? 'it left no reason'}`, bad: true };
  }
  return null;
}

const PARTS = ['train', 'val', 'test'] as const;
const PART_NAMES = { train: 'training', val: 'validation', test: 'test' } as const;

/** Returns the section that says what was trained. */
export function summarySection(run: OpenedRun): PageSection {
  const { folder, record, config, log } = run;
  const { result, argv } = record;
  const { start } = log;
  const repeated =
    argv.length > 0
      ? `gradpool ${argv.map(shellWord).join(' ')}`
      : `gradpool train -c ${shellPath(join(folder, RUN_FILES.config))}`;
  const body = html`${result && headlines(headlineNumbers(record))}
${factList([
  ['Data', config.data],
  [
    'Rows',
    start &&
      `${numberText(start.rows.train)} training, ${numberText(start.rows.val)} validation, ${numberText(start.rows.test)} test`,
  ],
  ['Network', start?.widths],
  ['Parameters', start && numberText(start.parameters)],
  ['Members of the bag', config.bag > 1 && config.bag],
  ['Optimiser', `${config.optimizer}, schedule ${config.schedule}`],
  ['Batch', start && numberText(start.batch)],
  ['Seed', record.seed],
  ['Ended', result?.reason],
  ['Epochs', result && numberText(result.epochs)],
  ['Best epoch', result?.bestEpoch ?? undefined],
  ['Started', momentText(record.started)],
  ['Time', result && timeText(result.wallSeconds)],
  ['Weights SHA-256', result && `${result.weightsSha256.slice(0, 16)}…`],
])}
<p>The command that repeats it, from the folder ${record.cwd && html`<code>${record.cwd}</code>`}:</p>
${commandBlock('Command that repeats the run', repeated)}
${result && metricsTable(record)}`;
  return { id: 'summary', title: 'What was trained', body };
}

/** The most telling metric of each part, and the loss of the last. */
function headlineNumbers({ result }: RunRecord): [string, string][] {
  const part = PARTS.filter((name) => result?.[name]).at(-1);
  const metrics = part && result?.[part];
  if (!part || !metrics) return [];
  return Object.entries(metrics)
    .sort(([a], [b]) => Number(a === 'loss') - Number(b === 'loss'))
    .map(([name, value]) => [
      `${METRIC_NAMES[name] ?? name}, ${PART_NAMES[part]} rows`,
      metricText(name, value),
    ]);
}

/** Metrics as a table names them. */
export const METRIC_NAMES: Readonly<Record<string, string>> = {
  r2: 'R²',
  rmse: 'RMSE',
  accuracy: 'accuracy',
  loss: 'loss',
};

function metricsTable({ result }: RunRecord): Html {
  const parts = PARTS.filter((part) => result?.[part]);
  const names = [...new Set(parts.flatMap((part) => Object.keys(result?.[part] ?? {})))];
  const { baseline } = result!;
  const compared = (['accuracy', 'rmse', 'r2'] as const).filter((name) => names.includes(name));
  const trivial = baseline ? compared : [];
  return html`${dataTable({
    caption: 'Metrics by the rows they are of',
    columns: [
      'Rows',
      ...names.map((name) => METRIC_NAMES[name] ?? name),
      ...trivial.map((name) => `${METRIC_NAMES[name]} of the ${baseline?.kind}`),
    ],
    rows: parts.map((part) => [
      PART_NAMES[part],
      ...names.map((name) => metricText(name, result?.[part]?.[name as keyof Metrics])),
      ...trivial.map((name) => metricText(name, (baseline?.[part] as BaselineMetrics | null)?.[name])),
    ]),
  })}
<p class="more">Those of the training rows are means over an epoch, taken while the weights changed.${
    baseline?.beaten === false && ' The network is no better than the trivial prediction.'
  }</p>`;
}
