/** Draws the bars of a sweep with cli-progress: one for each trial under way, below them the best so far. */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { TrialProgressEvent, TrialStartEvent } from '../../src/experiment/events.js';
import { assignmentText } from '../../src/experiment/searches/space.js';
import { significant, visible } from './text.js';

/** A trial under way. */
interface TrialBar {
  readonly bar: SingleBar;
  readonly name: string;
  readonly epochs: number;
  words: string;
}

const WIDTH = 20;

export class SweepBars {
  readonly #bars: MultiBar;
  readonly #trials = new Map<number, TrialBar>();
  #best = '';
  #bestBar: SingleBar | null = null;

  constructor() {
    this.#bars = new MultiBar({
      format: (_options, { value, total }, { trial }) => this.#line(trial, value / total),
      stream: process.stderr,
      fps: 10,
      hideCursor: true,
      linewrap: true,
      clearOnComplete: true,
      gracefulExit: false,
    });
  }

  begin({ trial, axes, seed, step, stepsPerEpoch, epochs }: TrialStartEvent): void {
    const bar = this.#bars.create(stepsPerEpoch * epochs, step, { trial });
    const name = `trial ${trial} (${assignmentText(axes)}, seed ${seed})`;
    this.#trials.set(trial, { bar, name, epochs, words: 'starting' });
  }

  progress({ trial, event }: TrialProgressEvent): void {
    const track = this.#trials.get(trial);
    if (track === undefined) return;
    const { loss } = (event.type === 'epoch' ? event.val : null) ?? event.train;
    const what = event.type === 'epoch' && event.val ? 'val loss' : 'loss';
    track.words = `epoch ${event.epoch}/${track.epochs}  ${what} ${significant(loss)}`;
    track.bar.update(event.step);
  }

  end(trial: number): void {
    const track = this.#trials.get(trial);
    if (track !== undefined) this.#bars.remove(track.bar);
    this.#trials.delete(trial);
  }

  /** Shows the best configuration so far in a line of its own. */
  best(text: string): void {
    this.#best = text;
    this.#bestBar ??= this.#bars.create(1, 0, { trial: 0 });
  }

  printAbove(line: string): void {
    this.#bars.log(`${line}\n`);
  }

  stop(): void {
    this.#bars.stop();
  }

  #line(trial: number, share: number): string {
    const columns = process.stderr.columns ?? 80;
    const track = this.#trials.get(trial);
    if (track === undefined) return visible(this.#best).slice(0, columns - 1);
    const done = Math.round(Math.min(1, share) * WIDTH);
    const bar = '━'.repeat(done) + '─'.repeat(WIDTH - done);
    return visible(`${bar}  ${track.name}  ${track.words}`).slice(0, columns - 1);
  }
}
