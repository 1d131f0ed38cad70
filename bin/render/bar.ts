/** Draws the progress bar of a training with cli-progress, ten times a second, however often steps end. */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { StartEvent, StepEvent } from '../../src/train/events.js';
import { count, duration, painter, percent, significant } from './text.js';

/** Seconds over which the speed is averaged. */
const AVERAGED = 3;

export class Bar {
  readonly #bars: MultiBar;
  readonly #bar: SingleBar;
  readonly #total: number;
  readonly #paint = painter(process.stderr);
  #latest: StepEvent | null = null;
  #speed = 0;
  #seen: { step: number; time: number };

  constructor(private readonly start: StartEvent) {
    const { stepsPerEpoch, epochs, step } = start;
    this.#total = stepsPerEpoch * epochs;
    this.#seen = { step, time: performance.now() };
    this.#bars = new MultiBar({
      format: (_options, { value, total }) => this.#line(value / total),
      stream: process.stderr,
      fps: 10,
      hideCursor: true,
      linewrap: true, // the bar fits its line, and lines above it may wrap
      clearOnComplete: true,
      gracefulExit: false,
    });
    this.#bar = this.#bars.create(this.#total, step);
    this.#bars.on('update-pre', () => this.#refresh());
  }

  /** Remembers the latest of thousands of steps a second; it is shown when the bar is next redrawn. */
  step(event: StepEvent): void {
    this.#latest = event;
  }

  printAbove(line: string): void {
    this.#bars.log(`${line}\n`);
  }

  stop(): void {
    this.#bars.update();
    this.#bars.stop();
  }

  #refresh(): void {
    if (this.#latest === null) return;
    const { step } = this.#latest;
    const time = performance.now();
    const seconds = (time - this.#seen.time) / 1000;
    const speed = (step - this.#seen.step) / seconds;
    const weight = this.#speed === 0 ? 1 : Math.min(1, seconds / AVERAGED);
    this.#speed += weight * (speed - this.#speed);
    this.#seen = { step, time };
    this.#bar.update(step);
  }

  #line(share: number): string {
    const columns = process.stderr.columns ?? 80;
    const words = this.#latest ? this.#words(this.#latest) : 'starting';
    const width = Math.min(30, columns - words.length - 8);
    if (width < 5) return words.slice(0, columns - 1);
    const done = Math.round(share * width);
    const bar = this.#paint('green', '━'.repeat(done)) + this.#paint('dim', '─'.repeat(width - done));
    return `${`${Math.floor(100 * share)}%`.padStart(4)} ${bar}  ${words}`;
  }

  #words({ epoch, train, step }: StepEvent): string {
    const { rows, stepsPerEpoch, epochs } = this.start;
    const score =
      train.accuracy === undefined
        ? `rmse ${significant(train.rmse ?? Number.NaN)}`
        : percent(train.accuracy);
    const samples = (this.#speed * rows.train) / stepsPerEpoch;
    const left = this.#speed > 0 ? `, ${duration(Math.round((this.#total - step) / this.#speed))} left` : '';
    return `epoch ${epoch}/${epochs}  loss ${significant(train.loss)}  ${score}  ${count(Math.round(samples))} samples/s${left}`;
  }
}
