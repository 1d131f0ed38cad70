/** Shows a sweep as it goes, on stderr: bars on a terminal, lines elsewhere, nothing when quiet. */
import type { RoundEvent, SweepEvent, SweepStartEvent, TrialEndEvent } from '../../src/experiment/events.js';
import { assignmentText } from '../../src/experiment/searches/space.js';
import { scoreText } from './leaderboard.js';
import type { SweepBars } from './sweepbars.js';
import { countOf, duration, painter } from './text.js';

interface SweepView {
  show(event: SweepEvent): void;
  note(text: string): void;
  close(): void;
}

const SILENT: SweepView = { show() {}, note() {}, close() {} };

export async function sweepView(options: { quiet: boolean; progress: boolean }): Promise<SweepView> {
  if (options.quiet) return SILENT;
  const bars = options.progress && process.stderr.isTTY;
  return new SweepLines(bars ? new (await import('./sweepbars.js')).SweepBars() : null);
}

class SweepLines implements SweepView {
  readonly #paint = painter(process.stderr);
  readonly #begun = performance.now();
  #start: SweepStartEvent | null = null;
  #round: RoundEvent | null = null;
  /** Trials that ended in this process, and those of the rounds so far that were there already. */
  #ended = 0;
  #found = 0;

  constructor(private readonly bars: SweepBars | null) {}

  show(event: SweepEvent): void {
    if (event.type === 'start') this.#begin(event);
    else if (event.type === 'round') this.#beginRound(event);
    else if (event.type === 'trialStart') this.bars?.begin(event);
    else if (event.type === 'progress') this.bars?.progress(event);
    else if (event.type === 'retry')
      this.note(`trial ${event.trial}: a thread failed, and its work was done again: ${event.message}`);
    else if (event.type === 'note') this.note(`trial ${event.trial}: ${event.message}`);
    else if (event.type === 'trialEnd') this.#end(event);
  }

  note(text: string): void {
    this.#print(this.#paint('dim', text));
  }

  close(): void {
    this.bars?.stop();
  }

  #begin(start: SweepStartEvent): void {
    this.#start = start;
    const { configurations, seeds, folds, trials, search, axes } = start;
    const each = folds > 0 ? ` × ${countOf(folds, 'fold')}` : '';
    const over = `${countOf(configurations, 'configuration')} × ${countOf(seeds.length, 'seed')}${each} = ${countOf(trials, 'trial')}`;
    this.#print(
      `${this.#paint('bold', over)} of ${axes.join(', ')} by ${search}, ${countOf(start.epochs, 'epoch')} each`,
    );
    for (const note of start.notes) this.note(note);
  }

  #beginRound(round: RoundEvent): void {
    const first = this.#round === null;
    this.#round = round;
    this.#found += round.done;
    const left = round.trials - round.done;
    const found = round.done > 0 ? `, ${round.done} of them done before` : '';
    const inside = round.workers === 'auto' ? '' : ` with ${countOf(round.workers, 'worker')} each`;
    if (left === 0) return;
    const why = round.why === undefined ? '' : ` (${round.why})`;
    const how = `${Math.min(left, round.parallel)} at a time${inside}${why}`;
    const name = first ? '' : `round ${round.round}: `;
    this.note(`${name}${countOf(round.trials, 'trial')}${found}, ${how}`);
  }

  #end({ result, score, best, seconds }: TrialEndEvent): void {
    this.#ended++;
    this.bars?.end(result.trial);
    const { trial, axes, seed, fold, reason } = result;
    const { score: name, trials } = this.#start!;
    const value =
      score === null
        ? reason
        : `${name} ${scoreText(name, { score, low: null, high: null })}, ${duration(seconds)}`;
    const done = `${this.#found + this.#ended}/${trials}`;
    const who = `trial ${trial} (${assignmentText(axes)}, seed ${seed}${fold === undefined ? '' : `, fold ${fold}`})`;
    this.#print(`${done}  ${who}: ${value}${this.#left()}`);
    if (best !== null && best.status === 'completed') {
      this.bars?.best(`best so far: ${assignmentText(best.axes)}, ${name} ${scoreText(name, best)}`);
    }
  }

  /** Writes the time that the trials of the sweep still take, by those that ended so far. */
  #left(): string {
    const { trials } = this.#start!;
    const open = trials - this.#found - this.#ended;
    if (open <= 0 || this.#ended < (this.#round?.parallel ?? 1)) return '';
    const each = (performance.now() - this.#begun) / 1000 / this.#ended;
    return `, about ${duration(Math.ceil(each * open))} left`;
  }

  #print(line: string): void {
    if (this.bars) this.bars.printAbove(line);
    else process.stderr.write(`${line}\n`);
  }
}
