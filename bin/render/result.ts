import { isQuery } from '../../src/data/source.js';
import { shellPath, shellWord } from '../../src/data/words.js';
import type { BagGain, BagResult } from '../../src/train/bagevents.js';
import type { StartEvent, TrainResult } from '../../src/train/events.js';
import { kindOf } from '../../src/train/usepreset.js';
import { cvFacts, NO_MODEL } from './folds.js';
import { baselineText, headlineText, metricsText } from './metrics.js';
import { count, countOf, duration, facts, painter } from './text.js';
import { workersText } from './training.js';

/** Writes the result of a training, and what to do next. */
export function resultText(result: TrainResult, start: StartEvent): string {
  const { data } = start.config;
  const { run, status, train, val, test, bestEpoch, epochs, steps, workers, kernels, baseline } = result;
  const paint = painter(process.stdout);
  const best = bestEpoch === null || bestEpoch === epochs ? '' : ` (best epoch: ${bestEpoch})`;
  const speed = `${count(Math.round(result.samplesPerSecond))} samples/s`;
  const trivial = baseline?.[test ? 'test' : val ? 'val' : 'train'];
  const why = status === 'interrupted' || /^all /.test(result.reason) ? '' : `: ${result.reason}`;
  return facts([
    ['test', test && paint('bold', metricsText(test))],
    ['validation', result.cv || !val ? null : metricsText(val) + best + outOfFoldText(result.bag)],
    ...(result.cv ? cvFacts(result.cv) : []),
    ['training', train && metricsText(train)],
    ['metrics', metricsLine(result)],
    ['refit', result.refit && refitText(result)],
    ['members', result.bag && membersText(result.bag)],
    ['averaging', result.bag?.gain && gainText(result.bag.gain)],
    ['baseline', baseline && trivial && baselineText(baseline, trivial)],
    ['note', noteOf(result, start)],
    [
      status === 'interrupted' ? status : 'trained',
      `${countOf(epochs, 'epoch')}, ${countOf(steps, 'step')} in ${duration(result.wallSeconds)} (${speed}, ${workersText(workers)}, ${kernels})${why}`,
    ],
    ['audit', auditText(result)],
    ['weights', `sha256 ${result.weightsSha256}`],
    ['run', run],
    ['next', run && paint('bold', nextCommand(run, result, data))],
  ]);
}

function auditText({ audited }: TrainResult): string | null {
  if (audited === undefined) return null;
  return `${countOf(audited, 'shard')} computed twice, with the same bits`;
}

function noteOf(result: TrainResult, start: StartEvent): string | null {
  if (result.baseline?.beaten === false) return NOT_BETTER;
  if (result.cv) return result.refit || result.status === 'interrupted' ? null : NO_MODEL;
  return bagHint(result, start);
}

/** Writes a few more metrics of the rows that say most: the test rows, or else the validation rows. */
function metricsLine({ scores, bag, cv }: TrainResult): string | null {
  const shown = scores?.test ?? scores?.val;
  const text = shown && headlineText(shown);
  if (!text) return null;
  const outOfFold = (bag ?? cv)?.outOfFold;
  return `${text} (${scores?.test ? 'test' : outOfFold ? 'out of fold' : 'validation'} rows)`;
}

/** Says by how many networks each of the rows was scored, where they are out of fold. */
function outOfFoldText(bag: BagResult | undefined): string {
  if (!bag?.outOfFold) return '';
  const { rows, fewest, most } = bag.outOfFold;
  const by =
    most === 1
      ? 'the one network that was not trained on it, so this is the score of single networks'
      : `the ${fewest === most ? most : `${fewest} to ${most}`} networks that were not trained on it`;
  return ` (${countOf(rows, 'row')} out of fold, each scored by ${by})`;
}

/** Says what the final weights have seen. */
function refitText({ refit, cv }: TrainResult): string {
  const { epochs, rows } = refit!;
  if (cv) return `${countOf(epochs, 'epoch')} on all ${count(rows)} rows give the model that is kept`;
  return `${countOf(epochs, 'epoch')} on all ${count(rows)} rows; the validation figures are those of the network before it, which had not seen these rows`;
}

function membersText({ members }: BagResult): string {
  const best = members.map(({ bestEpoch }) => bestEpoch ?? '-').join(', ');
  return `${count(members.length)}, with best epochs ${best}`;
}

/** Sets the members on their own against their mean. */
function gainText({ on, rows, members, single, together }: BagGain): string {
  const where = { test: 'test', val: 'validation', outOfFold: 'out-of-fold' }[on];
  const averaged = `${members} networks together ${metricsText(together)}`;
  return `on ${count(rows)} ${where} rows ${averaged}; each alone, on average, ${metricsText(single)}`;
}

const NOT_BETTER =
  'the model is not better than the baseline: train for longer, find a rate with gradpool find-lr, or look at the columns with gradpool inspect';

/**
 * Percent by which four networks together lower the loss of a default training, on average, as
 * docs/training.md#bags says.
 */
const BAG_GAIN = 4;
/** Training rows up to which a bag is suggested. */
const SMALL_TABLE = 2000;

/** Suggests a bag for a small table, after the training of a single network. */
function bagHint({ bag, status }: TrainResult, { config, rows }: StartEvent): string | null {
  const small = rows.train < SMALL_TABLE && kindOf(config.data) === 'table';
  if (bag || status === 'interrupted' || !small) return null;
  return `--bag 4 averages four networks trained on different rows; on the project's small tables that lowers the loss by ${BAG_GAIN} % on average (docs/training.md#bags)`;
}

/**
 * Suggests the next command: predictions for new rows of a table, query or pattern. New arrays have no name
 * yet, so for arrays it is an evaluation on the same source.
 */
function nextCommand(run: string, { status, cv, refit }: TrainResult, data: string): string {
  const model = shellPath(run);
  if (status === 'interrupted') return `gradpool resume ${model}`;
  if (cv && !refit) return `gradpool inspect ${model}`;
  const [suffix] = isQuery(data) ? ['.csv'] : (/\.(csv|tsv|jsonl?|parquet)(\.(gz|zst))?$/i.exec(data) ?? []);
  return suffix
    ? `gradpool predict ${model} new${shellWord(suffix)}`
    : `gradpool evaluate ${model} ${shellPath(data)}`;
}
