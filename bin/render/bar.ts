/**
 * Draws the progress bars of a training with cli-progress, ten times a second, however often steps end: one
 * bar, or one for each member of a bag or fold that is being trained.
 */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { StartEvent, StepEvent } from '../../src/train/events.js';
import { numberOf, ownStart } from './several.js';
import { count, duration, painter, percent, significant } from './text.js';

/** Seconds over which the speed is averaged. */
const AVERAGED = 3;

/** One training and its bar. */
interface Track {
  readonly bar: SingleBar;
  readonly start: Pick<StartEvent, 'rows' | 'stepsPerEpoch'>;
  readonly total: number;
  latest: StepEvent | null;
  speed: number;
  seen: { step: number; time: number };
}

export class Bars {
  readonly #bars: MultiBar;
  readonly #tracks = new Map<number, Track>();
  readonly #paint = painter(process.stderr);

  constructor(private readonly start: StartEvent) {
    this.#bars = new MultiBar({
      format: (_options, { value, total }, { member }) => this.#line(member, value / total),
      stream: process.stderr,
      fps: 10,
      hideCursor: true,
      linewrap: true, // the bar fits its line, and lines above it may wrap
      clearOnComplete: true,
      gracefulExit: false,
    });
    if (!start.bag && !start.folds) this.#begin(0, start.step);
    this.#bars.on('update-pre', () => this.#tracks.forEach(refresh));
  }

  /** Remembers the latest of thousands of steps a second; it is shown when the bar is next redrawn. */
  step(event: StepEvent): void {
    const member = numberOf(event) ?? 0;
    const track = this.#tracks.get(member) ?? this.#begin(member, event.step - 1);
    track.latest = event;
  }

  /** Takes away the bar of a member that has ended. */
  end(member: number): void {
    const track = this.#tracks.get(member);
    if (track !== undefined) this.#bars.remove(track.bar);
    this.#tracks.delete(member);
  }

  printAbove(line: string): void {
    this.#bars.log(`${line}\n`);
  }

  stop(): void {
    this.#bars.update();
    this.#bars.stop();
  }

  #begin(member: number, step: number): Track {
    const start = ownStart(this.start, member) ?? this.start;
    const total = start.stepsPerEpoch * this.start.epochs;
    const rows = { ...this.start.rows, ...start.rows };
    const bar = this.#bars.create(total, step, { member });
    const track = {
      bar,
      start: { ...start, rows },
      total,
      latest: null,
      speed: 0,
      seen: { step, time: performance.now() },
    };
    this.#tracks.set(member, track);
    return track;
  }

  #line(member: number, share: number): string {
    const columns = process.stderr.columns ?? 80;
    const track = this.#tracks.get(member);
    const several = this.start.bag ?? this.start.folds;
    const name = several ? `${String(member).padStart(String(several.length).length)} ` : '';
    const words = track?.latest ? this.#words(track, track.latest) : 'starting';
    const width = Math.min(30, columns - name.length - words.length - 8);
    if (width < 5) return `${name}${words}`.slice(0, columns - 1);
    const done = Math.round(share * width);
    const bar = this.#paint('green', '━'.repeat(done)) + this.#paint('dim', '─'.repeat(width - done));
    return `${name}${`${Math.floor(100 * share)}%`.padStart(4)} ${bar}  ${words}`;
  }

  #words({ start, total, speed }: Track, { epoch, train, step }: StepEvent): string {
    const { rows, stepsPerEpoch } = start;
    const score =
      train.accuracy === undefined
        ? `rmse ${significant(train.rmse ?? Number.NaN)}`
        : percent(train.accuracy);
    const samples = (speed * rows.train) / stepsPerEpoch;
    const left = speed > 0 ? `, ${duration(Math.round((total - step) / speed))} left` : '';
    return `epoch ${epoch}/${this.start.epochs}  loss ${significant(train.loss)}  ${score}  ${count(Math.round(samples))} samples/s${left}`;
  }
}

/** Brings a bar to the latest step, and the speed with it. */
function refresh(track: Track): void {
  if (track.latest === null) return;
  const { step } = track.latest;
  const time = performance.now();
  const seconds = (time - track.seen.time) / 1000;
  const speed = (step - track.seen.step) / seconds;
  const weight = track.speed === 0 ? 1 : Math.min(1, seconds / AVERAGED);
  track.speed += weight * (speed - track.speed);
  track.seen = { step, time };
  track.bar.update(step);
}
