/** Shows a training as it goes, on stderr: bars on a terminal, lines elsewhere, nothing when quiet. */
import type { Metrics } from '../../src/forward/metrics.js';
import type { MetricName } from '../../src/metrics/catalogue.js';
import type { MemberEvent } from '../../src/train/bagevents.js';
import type { FoldEvent } from '../../src/train/cvevents.js';
import type { EpochEvent, RefitEvent, StartEvent, StepEvent, TrainEvent } from '../../src/train/events.js';
import { criterionOf, needsPredictions } from '../../src/train/metric.js';
import type { Bars } from './bar.js';
import { metricsText } from './metrics.js';
import { type Numbered, numberOf, ownStart } from './several.js';
import { count, countOf, duration, painter, percent, r2Text, significant } from './text.js';

interface TrainingView {
  show(event: TrainEvent): void;
  /** Shows a text if nothing else is shown for a while. */
  wait(text: string): void;
  note(text: string): void;
  close(): void;
}

const SILENT: TrainingView = { show() {}, wait() {}, note() {}, close() {} };

export async function trainingView(options: { quiet: boolean; progress: boolean }): Promise<TrainingView> {
  if (options.quiet) return SILENT;
  return new Lines(options.progress && process.stderr.isTTY ? (await import('./bar.js')).Bars : null);
}

/** With more epochs than EVERY_EPOCH, a line is printed at most every EPOCH_INTERVAL milliseconds. */
const EVERY_EPOCH = 30;
const EPOCH_INTERVAL = 250;
/** Milliseconds after which a terminal shows what it waits for. */
const PATIENCE = 300;
/** Milliseconds of silence after which, without a bar, a line says how far an epoch is. */
const SILENCE = 10_000;

class Lines implements TrainingView {
  readonly #paint = painter(process.stderr);
  #start: StartEvent | null = null;
  #bar: Bars | null = null;
  #last = performance.now();
  #waiting: NodeJS.Timeout | null = null;

  constructor(private readonly BarType: typeof Bars | null) {}

  show(event: TrainEvent): void {
    if (event.type === 'step') this.#step(event);
    else if (event.type === 'epoch') this.#epoch(event);
    else if (event.type === 'start') this.#begin(event);
    else if (event.type === 'member') this.#member(event);
    else if (event.type === 'fold') this.#fold(event);
    else if (event.type === 'refit') this.#refit(event);
    else if (event.type === 'refitEpoch') this.#epoch({ ...event, type: 'epoch', val: null, best: false });
    else if (event.type === 'workers') this.note(`${workersText(event.workers)} (${event.why})`);
    else if (event.type === 'note') this.note(event.message);
    else if (event.type === 'retry')
      this.note(`a worker failed, its shards were computed again: ${event.message}`);
  }

  note(text: string): void {
    this.#print(this.#paint('dim', text));
  }

  wait(text: string): void {
    const { isTTY } = process.stderr;
    this.#waiting = setTimeout(
      () => process.stderr.write(this.#paint('dim', text) + (isTTY ? '' : '\n')),
      isTTY ? PATIENCE : SILENCE,
    );
  }

  close(): void {
    this.#unwait();
    this.#bar?.stop();
    this.#bar = null;
  }

  #begin(start: StartEvent): void {
    const { rows, dataset, widths, parameters, kernels, step, epochs, stepsPerEpoch } = start;
    const parts = [
      `${count(rows.train)} training`,
      `${count(rows.val)} validation`,
      `${count(rows.test)} test rows`,
    ];
    this.#print(`${this.#paint('bold', dataset)}: ${parts.join(', ')}`);
    this.#print(`${this.#paint('bold', widths)}: ${countOf(parameters, 'parameter')}, ${kernels} kernels`);
    for (const note of start.notes) this.note(note);
    if (step > 0) this.note(`going on at step ${count(step)} of ${count(epochs * stepsPerEpoch)}`);
    this.#follow(start);
  }

  /** Begins the columns and the bar of a training. */
  #follow(start: StartEvent): void {
    this.#start = start;
    const numbered = start.bag ? MEMBER_HEADER : start.folds ? FOLD_HEADER : '';
    this.#print(this.#paint('dim', numbered + header(start)));
    if (this.BarType) this.#bar = new this.BarType(start);
  }

  #refit({ epochs, rows, stepsPerEpoch }: RefitEvent): void {
    this.#bar?.stop();
    this.#bar = null;
    const { folds, ...start } = this.#start!;
    const why = folds ? 'as many as the folds found best on average' : 'validation rows included';
    this.note(`refit: ${countOf(epochs, 'epoch')} on all ${count(rows)} rows, ${why}`);
    this.#follow({ ...start, epochs, stepsPerEpoch, step: 0, rows: { ...start.rows, train: rows, val: 0 } });
  }

  #step(event: StepEvent): void {
    this.#bar?.step(event);
    if (this.#bar || performance.now() - this.#last < SILENCE || this.#start === null) return;
    const { stepsPerEpoch } = ownStart(this.#start, numberOf(event) ?? 1) ?? this.#start;
    const step = ((event.step - 1) % stepsPerEpoch) + 1;
    const done = `step ${count(step)} of ${count(stepsPerEpoch)}`;
    const epoch = memberCell(event) + String(event.epoch).padStart(5);
    this.#print(`${epoch}  ${done}: ${metricsText(event.train)}`);
  }

  #epoch(event: EpochEvent): void {
    const { epochs } = this.#start!;
    const rare = epochs > EVERY_EPOCH && event.epoch !== 1 && event.epoch !== epochs;
    if (rare && performance.now() - this.#last < EPOCH_INTERVAL) return;
    const mark = event.best ? this.#paint('green', ' best') : '';
    this.#print(memberCell(event) + epochLine(event, goalOf(this.#start!)) + mark);
  }

  #member({ member, status, epochs, bestEpoch, val }: MemberEvent): void {
    this.#bar?.end(member);
    const best = bestEpoch === null ? '' : `, best epoch ${bestEpoch}`;
    const score = val === null ? '' : `: ${metricsText(val)}`;
    const of = this.#start?.bag?.length;
    this.note(`member ${member} of ${of} ${status} after ${countOf(epochs, 'epoch')}${best}${score}`);
  }

  #fold({ fold, name, repetition, rows, held, status, bestEpoch }: FoldEvent): void {
    this.#bar?.end(fold);
    const { folds = [] } = this.#start ?? {};
    const named = name === null ? '' : ` (${name})`;
    const repeated = repetition > 1 ? `, repetition ${repetition}` : '';
    const best = bestEpoch === null ? '' : `, best epoch ${bestEpoch}`;
    const score = held === null ? ` ${status}` : `: ${metricsText(held)} on ${countOf(rows.held, 'row')}`;
    const line = `fold ${fold} of ${folds.length}${named}${repeated}${score}${best}`;
    this.#print(held === null ? this.#paint('dim', line) : line);
  }

  #unwait(): void {
    if (this.#waiting === null) return;
    clearTimeout(this.#waiting);
    this.#waiting = null;
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  }

  #print(line: string): void {
    this.#unwait();
    this.#last = performance.now();
    if (this.#bar) this.#bar.printAbove(line);
    else process.stderr.write(`${line}\n`);
  }
}

export const workersText = (workers: number): string =>
  workers === 0 ? 'in-process' : countOf(workers, 'worker');

const MEMBER_HEADER = 'member ';
const FOLD_HEADER = '  fold ';

/** Writes the number of the member or fold in front of a line; nothing for a single network. */
function memberCell(event: Numbered): string {
  const number = numberOf(event);
  return number === undefined ? '' : `${String(number).padStart(MEMBER_HEADER.length - 1)} `;
}

/**
 * Widths of the columns of an epoch, in the header and below: 79 characters with the mark; a
 * regression has 80, with R² in place of the speed.
 */
const LOSS = 10;
const SCORE = 10;
const R2 = 7;
const RATE = 8;
const SPEED = 10;
const TIME = 11;
const TIME_BESIDE_R2 = 8;

/** Returns the metric that the training goes by, where it is none of those that every line shows. */
function goalOf({ config, rows }: StartEvent): string | null {
  return rows.val > 0 && needsPredictions(config) ? criterionOf(config).name : null;
}

function header(start: StartEvent): string {
  const { task, rows } = start;
  const isRegression = task === 'regression';
  const score = isRegression ? 'rmse'.padStart(SCORE) + 'R²'.padStart(R2) : 'accuracy'.padStart(SCORE);
  const goal = goalOf(start);
  const val = rows.val > 0 ? 'val loss'.padStart(LOSS) + (goal === null ? score : cell(goal, SCORE)) : '';
  const time = isRegression
    ? 'time'.padStart(TIME_BESIDE_R2)
    : 'samples/s'.padStart(SPEED) + 'time'.padStart(TIME);
  return `epoch${'loss'.padStart(LOSS)}${score}${val}${'lr'.padStart(RATE)}${time}`;
}

function epochLine(
  { epoch, train, val, lr, samplesPerSecond, seconds }: EpochEvent,
  goal: string | null,
): string {
  const speed = cell(count(Math.round(samplesPerSecond)), SPEED);
  const time =
    train.accuracy === undefined
      ? cell(duration(seconds), TIME_BESIDE_R2)
      : speed + cell(duration(seconds), TIME);
  const judged = val === null ? '' : goal === null ? scores(val) : goalCells(val, goal);
  return String(epoch).padStart(5) + scores(train) + judged + cell(rateText(lr), RATE) + time;
}

/** Writes a learning rate without the zeros that it may end in: 0.1, 0.00025, 1.2e-5. */
function rateText(lr: number): string {
  const short = Number(lr.toPrecision(lr < 1e-2 ? 2 : 4));
  return short !== 0 && short < 1e-4 ? short.toExponential() : String(short);
}

function scores({ loss, accuracy, rmse, r2 }: Metrics): string {
  const score =
    accuracy === undefined
      ? cell(significant(rmse ?? Number.NaN), SCORE) + cell(r2 === undefined ? '' : r2Text(r2, 3), R2)
      : cell(percent(accuracy), SCORE);
  return cell(significant(loss), LOSS) + score;
}

/** Writes the validation loss and the metric that the training goes by, below its name. */
function goalCells(val: Metrics, goal: string): string {
  const value = val[goal as MetricName];
  const width = Math.max(SCORE, goal.length + 1);
  return cell(significant(val.loss), LOSS) + cell(value === undefined ? '-' : significant(value), width);
}

/** Fills a cell from the left; what is too long still has a blank before it. */
function cell(text: string, width: number): string {
  return text.length < width ? text.padStart(width) : ` ${text}`;
}
