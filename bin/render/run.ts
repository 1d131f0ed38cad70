import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Calibration } from '../../src/calibration/record.js';
import { isFolded } from '../../src/data/parting.js';
import { shellPath, shellWord } from '../../src/data/words.js';
import { readModel } from '../../src/model/read.js';
import { RUN_FILES, type RunRecord, readRun } from '../../src/run/folder.js';
import { readMetrics } from '../../src/run/metricsfile.js';
import type { TrainConfig } from '../../src/train/config.js';
import type { EpochEvent, StartEvent } from '../../src/train/events.js';
import { cvFacts } from './folds.js';
import { metricsText } from './metrics.js';
import { calibrationText } from './model.js';
import { numberOf } from './several.js';
import { count, countOf, duration, facts, significant } from './text.js';

interface RunDescription {
  readonly run: string;
  readonly record: RunRecord;
  readonly config: TrainConfig;
  readonly start: StartEvent | null;
  /** The events of the epochs, each epoch once, as it was last trained. */
  readonly history: readonly EpochEvent[];
  /**
   * The events of each member's epochs in a bag, or of each fold's, where `history` is empty; empty for a
   * single network.
   */
  readonly members: readonly (readonly EpochEvent[])[];
  /** The calibration of the run's model; null where it has none, or no model yet. */
  readonly calibration: Calibration | null;
  /** What could not be read and was passed over. */
  readonly notes: readonly string[];
}

export async function describeRun(run: string): Promise<RunDescription> {
  const { events, notes } = readMetrics(run);
  const histories: Map<number, EpochEvent>[] = [];
  for (const event of events) {
    if (event.type !== 'epoch') continue;
    const number = numberOf(event) ?? 0;
    histories[number] ??= new Map();
    histories[number].set(event.epoch, event);
  }
  const [history = [], ...members] = Array.from(histories, (epochs) => [...(epochs?.values() ?? [])]);
  const start = events.findLast((event): event is StartEvent => event.type === 'start') ?? null;
  const calibration = existsSync(join(run, RUN_FILES.model)) ? readModel(run).calibration : null;
  return { run, ...readRun(run), start, history, members, calibration, notes };
}

export function runText(description: RunDescription): string {
  const { run, record, config, start, history, members, calibration } = description;
  const { result, status } = record;
  const folded = isFolded(config);
  const best = history.findLast(({ best }) => best);
  const seconds = history.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const resumable =
    status === 'completed' || status === 'early-stopped' ? null : `gradpool resume ${shellPath(run)}`;
  return facts([
    ['run', run],
    ['status', status + (record.error ? `: ${record.error}` : '')],
    ['started', `${record.started}${record.ended ? `, ended ${record.ended}` : ''}`],
    ['with', `gradpool ${record.gradpool}, node ${record.machine.node}, ${record.machine.cpu}`],
    ['command', record.argv.length > 0 ? `gradpool ${record.argv.map(shellWord).join(' ')}` : null],
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
    ['bag', config.bag > 1 ? `${config.bag} networks, whose predictions are averaged` : null],
    ...members.map((epochs, index) => memberFact(`${folded ? 'fold' : 'member'} ${index + 1}`, epochs)),
    ...(result?.cv ? cvFacts(result.cv) : []),
    [
      'epochs',
      config.bag > 1 || folded
        ? null
        : `${history.at(-1)?.epoch ?? 0} of ${config.epochs} in ${duration(seconds)}`,
    ],
    ['loss', sparkline(history.map(({ train }) => train.loss))],
    ['val loss', sparkline(history.flatMap(({ val }) => (val ? [val.loss] : [])))],
    ['best', best && `epoch ${best.epoch}: ${metricsText(best.val ?? best.train)}`],
    ['last', history.length > 0 ? metricsText(history.at(-1)!.val ?? history.at(-1)!.train) : null],
    ['validation', config.bag > 1 && result?.val ? metricsText(result.val) : null],
    ['test', result?.test && metricsText(result.test)],
    ['calibration', calibration && calibrationText(calibration)],
    ['weights', result && `sha256 ${result.weightsSha256}`],
    ['next', resumable],
  ]);
}

/** Says how far a member or fold is, with the losses by which its best epoch is found. */
function memberFact(member: string, epochs: readonly EpochEvent[]): [string, string | null] {
  const best = epochs.findLast((epoch) => epoch.best);
  if (best === undefined) return [member, null];
  const losses = epochs.map(({ train, val }) => (val ?? train).loss);
  const text = `${epochs.at(-1)!.epoch} epochs, best ${best.epoch}: ${metricsText(best.val ?? best.train)}`;
  return [member, [text, sparkline(losses, 20)].filter(Boolean).join('  ')];
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
  return `${bars}  ${significant(losses[0])} -> ${significant(losses.at(-1)!)}`;
}
