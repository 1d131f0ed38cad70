/**
 * Shows how far a benchmark is, on stderr: a bar on a terminal, a line for each part elsewhere, nothing when
 * quiet.
 */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { BenchEvent, Stage } from '../../src/bench/bench.js';
import type { BenchSettings } from '../../src/bench/options.js';
import { duration, forTerminal, painter } from './text.js';

interface BenchView {
  show(event: BenchEvent): void;
  close(): void;
}

const NAMES: Readonly<Record<Stage, string>> = {
  peak: 'matrix-product peak',
  strong: 'strong scaling',
  weak: 'weak scaling',
  batch: 'batch sizes',
  target: 'time to target',
  growth: 'growth',
};

export function benchView(options: { quiet: boolean; progress: boolean }): BenchView {
  if (options.quiet) return { show() {}, close() {} };
  return options.progress && process.stderr.isTTY ? new BarView() : new LineView();
}

const startLine = ({ network, batch, workers, kernels, precision }: BenchSettings) =>
  `${painter(process.stderr)('bold', network.join('-'))}: batch ${batch}, workers ${workers.join(', ')} in turn, ${kernels} kernels, ${precision}`;

class LineView implements BenchView {
  #stage: Stage | null = null;

  show(event: BenchEvent): void {
    if (event.type === 'start') process.stderr.write(`${forTerminal(startLine(event.settings))}\n`);
    if (event.type !== 'progress' || event.stage === this.#stage) return;
    this.#stage = event.stage;
    process.stderr.write(`measuring ${NAMES[event.stage]} …\n`);
  }

  close(): void {}
}

/**
 * Frames a second. The bar is redrawn seldom, and only between timed steps, because drawing takes time on the
 * coordinator's thread.
 */
const FRAMES = 4;

class BarView implements BenchView {
  readonly #paint = painter(process.stderr);
  readonly #begin = performance.now();
  #stages: readonly Stage[] = [];
  #words = 'starting';
  #bars: MultiBar | null = null;
  #bar: SingleBar | null = null;

  show(event: BenchEvent): void {
    if (event.type === 'start') this.#open(event);
    else if (event.type === 'progress') this.#advance(event);
    else this.close();
  }

  close(): void {
    this.#bars?.stop();
    this.#bars = null;
  }

  #open({ settings, stages }: Extract<BenchEvent, { type: 'start' }>): void {
    process.stderr.write(`${forTerminal(startLine(settings))}\n`);
    this.#stages = stages;
    this.#bars = new MultiBar({
      format: (_options, { value }) => this.#line(value),
      stream: process.stderr,
      fps: FRAMES,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
    });
    this.#bar = this.#bars.create(1, 0);
  }

  #advance({ stage, share }: Extract<BenchEvent, { type: 'progress' }>): void {
    const weights = this.#stages.map((one) => (one === 'peak' ? 0.1 : 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const index = this.#stages.indexOf(stage);
    const before = weights.slice(0, index).reduce((sum, weight) => sum + weight, 0);
    const done = (before + weights[index] * share) / total;
    const elapsed = (performance.now() - this.#begin) / 1000;
    const left = done > 0.05 ? `, ${duration(Math.round((elapsed * (1 - done)) / done))} left` : '';
    this.#words = `${NAMES[stage]}${left}`;
    this.#bar?.update(done);
  }

  #line(share: number): string {
    const columns = process.stderr.columns ?? 80;
    const width = Math.min(30, columns - this.#words.length - 8);
    if (width < 5) return this.#words.slice(0, columns - 1);
    const done = Math.round(share * width);
    const bar = this.#paint('green', '━'.repeat(done)) + this.#paint('dim', '─'.repeat(width - done));
    return forTerminal(`${`${Math.floor(100 * share)}%`.padStart(4)} ${bar}  ${this.#words}`);
  }
}
