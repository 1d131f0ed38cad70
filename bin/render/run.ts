import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Calibration } from '../../src/calibration/record.js';
import { readModel } from '../../src/model/read.js';
import { RUN_FILES, type RunRecord, readRun, reviveMetrics } from '../../src/run/folder.js';
import type { TrainConfig } from '../../src/train/config.js';
import type { EpochEvent, StartEvent, TrainEvent } from '../../src/train/events.js';
import { metricsText } from './metrics.js';
import { calibrationText } from './model.js';
import { count, countOf, duration, facts } from './text.js';

interface RunDescription {
  readonly run: string;
  readonly record: RunRecord;
  readonly config: TrainConfig;
  readonly start: StartEvent | null;
  /** The events of the epochs, each epoch once, as it was last trained. */
  readonly history: readonly EpochEvent[];
  /** The calibration of the run's model; null where it has none, or no model yet. */
  readonly calibration: Calibration | null;
}

export async function describeRun(run: string): Promise<RunDescription> {
  const events = readEvents(join(run, RUN_FILES.metrics));
  const epochs = new Map<number, EpochEvent>();
  for (const event of events) if (event.type === 'epoch') epochs.set(event.epoch, event);
  const start = events.findLast((event): event is StartEvent => event.type === 'start') ?? null;
  const calibration = existsSync(join(run, RUN_FILES.model)) ? readModel(run).calibration : null;
  return { run, ...readRun(run), start, history: [...epochs.values()], calibration };
}

export function runText({ run, record, config, start, history, calibration }: RunDescription): string {
  const { result, status } = record;
  const best = history.findLast(({ best }) => best);
  const seconds = history.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const resumable = status === 'completed' || status === 'early-stopped' ? null : `gradpool resume ${run}`;
  return facts([
    ['run', run],
    ['status', status + (record.error ? `: ${record.error}` : '')],
    ['started', `${record.started}${record.ended ? `, ended ${record.ended}` : ''}`],
    ['with', `gradpool ${record.gradpool}, node ${record.machine.node}, ${record.machine.cpu}`],
    ['command', record.argv.length > 0 ? `gradpool ${record.argv.join(' ')}` : null],
    ['data', config.data],
    [
      'rows',
      start &&
        `${count(start.rows.train)} training, ${count(start.rows.val)} validation, ${count(start.rows.test)} test`,
    ],
    [
      'network',
      start && `${start.widths}, ${countOf(start.parameters, 'parameter')}, loss ${start.network.loss}`,
    ],
    [
      'optimizer',
      `${config.optimizer}, batch ${config.batch}, ${config.schedule} schedule, seed ${config.seed}`,
    ],
    ['epochs', `${history.at(-1)?.epoch ?? 0} of ${config.epochs} in ${duration(seconds)}`],
    ['loss', sparkline(history.map(({ train }) => train.loss))],
    ['val loss', sparkline(history.flatMap(({ val }) => (val ? [val.loss] : [])))],
    ['best', best && `epoch ${best.epoch}: ${metricsText(best.val ?? best.train)}`],
    ['last', history.length > 0 ? metricsText(history.at(-1)!.val ?? history.at(-1)!.train) : null],
    ['test', result?.test && metricsText(result.test)],
    ['calibration', calibration && calibrationText(calibration)],
    ['weights', result && `sha256 ${result.weightsSha256}`],
    ['next', resumable],
  ]);
}

/**
 * Draws losses from the first epoch to the last on a logarithmic scale: ▇▅▃▂▁▁ 0.512 -> 0.0213. A loss that
 * is not finite has no bar.
 */
function sparkline(all: readonly number[], width = 40): string | null {
  const losses = all.filter(Number.isFinite);
  if (losses.length < 2) return null;
  const step = Math.max(1, losses.length / width);
  const shown = Array.from({ length: Math.min(width, losses.length) }, (_, i) =>
    Math.log(Math.max(1e-12, losses[Math.floor(i * step)])),
  );
  const low = Math.min(...shown);
  const span = Math.max(...shown) - low || 1;
  const bars = shown.map((value) => '▁▂▃▄▅▆▇█'[Math.round((7 * (value - low)) / span)]).join('');
  return `${bars}  ${losses[0].toPrecision(4)} -> ${losses.at(-1)!.toPrecision(4)}`;
}

/** Reads the events of a run. A line that a kill cut short is left out. */
function readEvents(file: string): TrainEvent[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line, reviveMetrics) as TrainEvent];
      } catch {
        return [];
      }
    });
}
