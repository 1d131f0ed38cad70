/**
 * `--workers auto`: tries counts during the first steps, whose bits do not depend on it, keeps the fastest, and says why.
 */
import { availableParallelism } from 'node:os';
import { interquartileMean, quantile } from '../statistics.js';

/** The numbers of workers to choose from: the one asked for, or 0, 2, 4, … and every core. */
export function workerCandidates(
  workers: number | 'auto',
  mostTasks: number,
  cores = availableParallelism(),
): number[] {
  if (workers !== 'auto') return [workers];
  const most = Math.min(cores, mostTasks);
  const candidates = [0];
  for (let count = 2; count < most; count *= 2) candidates.push(count);
  return most >= 2 ? [...candidates, most] : candidates;
}

export interface Trial {
  readonly workers: number;
  /** of a step */
  readonly seconds: number;
}

export interface Decision {
  readonly workers: number;
  readonly why: string;
  /** the counts that were tried on even terms, from few to many; the fastest is among them */
  readonly trials: readonly Trial[];
}

/** A first step starts a count's threads, or pays for the change to it; nobody counts it. */
const FIRST = { steps: 1, seconds: 0 };
/** Until code is compiled. */
const WARM_UP = { steps: 50, seconds: 0.1 };
/** The last steps of the warm-up, which give a first impression. */
const GLANCE = 5;
/** A count whose best step is so many times as long as another's is out of the question, whatever the noise. */
const CLEARLY = 1.4;
/** The others, at most so many, take turns: at least so often, then while this part of the training, or a second, lasts. */
const FINALISTS = 3;
const ROUNDS = 5;
const TURN = { steps: 10, seconds: 0.02 };
const PART = 0.03;
const MOMENT = 1;
/** Seconds after which no turns begin: steps that long say enough by themselves. */
const BUDGET = 2;
/** Seconds that threads take to start: a training that ends sooner has no use for them. */
const POOL_START = 0.3;
/** The first steps, whose code is not compiled, take up to so many times as long as later ones. */
const SURELY = 4;

const DONE_BEFORE: Decision = { workers: 0, why: 'done before threads would have started', trials: [] };

/**
 * First a glance at each count, from few to many, until more are clearly slower; then the best by turns, so that whatever
 * else the machine does meets all alike. What decides is the mean of the middle half of a count's turns: threads have fast
 * and slow spells of many steps, as the system places them, and a training meets both. Of a turn's steps as well the middle
 * half counts: those are left out that wait while the engine compiles, which soon has an end.
 */
export class WorkerSearch {
  readonly #plan: Generator<number, Decision, number>;
  /** The number of workers for the next step. */
  current: number;

  /**
   * @param candidates 0, which is in-process, and more, rising
   * @param steps of the whole training
   * @param prepare told once, before more than 0 are tried, of the most that will be: their threads may start meanwhile
   */
  constructor(candidates: readonly number[], steps: number, prepare: (most: number) => void) {
    this.#plan = search(candidates, steps, prepare);
    this.current = this.#plan.next().value as number;
  }

  /** Takes the time of the step just made; returns the decision once there is one. */
  record(seconds: number): Decision | null {
    const { done, value } = this.#plan.next(seconds);
    if (done) return value;
    this.current = value;
    return null;
  }
}

/** Yields the count for the next step and takes its seconds. */
function* search(
  candidates: readonly number[],
  steps: number,
  prepare: (most: number) => void,
): Generator<number, Decision, number> {
  let left = steps;
  let spent = 0;
  function* take(workers: number, { steps, seconds }: typeof WARM_UP): Generator<number, number[], number> {
    const times: number[] = [];
    const end = spent + seconds;
    for (; times.length < steps && (times.length === 0 || spent < end); left--) {
      times.push(yield workers);
      spent += times.at(-1)!;
    }
    return times;
  }

  const glances: (Trial & { best: number })[] = [];
  for (const workers of candidates) {
    yield* take(workers, FIRST);
    if (workers === 0) {
      const remaining = middle(yield* take(0, { steps: GLANCE, seconds: 1 })) * left;
      if (remaining < POOL_START) return DONE_BEFORE;
      if (remaining > SURELY * POOL_START) prepare(candidates[candidates.length - 1]);
    }
    const times = yield* take(workers, WARM_UP);
    const seconds = middle(times.slice(-GLANCE));
    if (workers === 0 && seconds * left < POOL_START) return DONE_BEFORE;
    glances.push({ workers, seconds, best: Math.min(...times) });
    if (clearlySlower(glances).includes(glances.at(-1)!)) break;
  }

  const out = clearlySlower(glances);
  const close = glances.filter((glance) => !out.includes(glance)).sort((a, b) => a.best - b.best);
  if (spent > BUDGET) return decide(glances, fastest(glances));
  if (close.length === 1) {
    const bests = glances.map(({ workers, best }) => ({ workers, seconds: best }));
    return decide(bests, close[0]);
  }
  const finalists = close.slice(0, FINALISTS).sort((a, b) => a.workers - b.workers);
  const turns = new Map<number, number[]>(finalists.map(({ workers }) => [workers, []]));
  const end = spent + Math.min(MOMENT, PART * left * fastest(finalists).seconds);
  for (let round = 0; round < ROUNDS || spent < end; round++) {
    for (const [workers, own] of turns) {
      yield* take(workers, FIRST);
      own.push(interquartileMean(yield* take(workers, TURN)));
    }
  }
  const trials = [...turns].map(([workers, own]) => ({ workers, seconds: interquartileMean(own) }));
  return decide(trials, fastest(trials));
}

function clearlySlower<T extends { best: number }>(glances: readonly T[]): T[] {
  const bar = CLEARLY * Math.min(...glances.map(({ best }) => best));
  return glances.filter(({ best }) => best > bar);
}

function decide(trials: readonly Trial[], { workers }: Trial): Decision {
  return { workers, why: trials.map(describe).join(', '), trials };
}

function describe({ workers, seconds }: Trial): string {
  return `${named(workers)} ${milliseconds(seconds)} a step`;
}

const named = (workers: number): string => (workers === 0 ? 'in-process' : `${workers} workers`);

const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(seconds < 0.01 ? 2 : 0)} ms`;

/** Of equals the one with fewer workers. */
const fastest = (trials: readonly Trial[]): Trial => trials.reduce((a, b) => (b.seconds < a.seconds ? b : a));

/** The middle time, or the longer one of two: a time that was really measured. */
const middle = (times: readonly number[]): number => quantile(times, 0.5);

/** Seconds of a gradient of some rows, of which nothing stays. */
export type Probe = (workers: number, rows: number) => Promise<number>;

const PROBES = 15;
/** Seconds of a step above which it is not for small batches that more workers lose. */
const SMALL = 0.01;
/** Rows, at the least, whose halves still tell cost from overhead. */
const FEWEST_ROWS = 16;
/** A break-even further away than so many batches was not measured but guessed. */
const FURTHEST = 16;

/**
 * The decision with its reason for people: where more workers lost, from which batch they would win, if that can be told.
 * A gradient takes overhead + rows × cost, with other overhead and cost for each count. Half a batch and a whole one
 * measure the cost; where the fewer workers' is not clearly higher, or the lines meet too far away, nothing is said.
 */
export async function explained(decision: Decision, batch: number, probe: Probe): Promise<string> {
  const { workers, trials, why } = decision;
  const won = trials.find((trial) => trial.workers === workers);
  const more = trials.find((trial) => trial.workers > workers);
  if (!won || !more || batch < FEWEST_ROWS || more.seconds > SMALL) return why;
  const half = batch >> 1;
  const few = { workers, half: [] as number[], whole: [] as number[] };
  const many = { workers: more.workers, half: [] as number[], whole: [] as number[] };
  for (let round = 0; round < PROBES; round++) {
    for (const { workers, ...times } of [few, many]) {
      await probe(workers, half); // pays for the change
      times.half.push(await probe(workers, half));
      times.whole.push(await probe(workers, batch));
    }
  }
  const cost = ({ half: short, whole }: typeof few) =>
    (Math.min(...whole) - Math.min(...short)) / (batch - half);
  const rows = breakEven(batch, more.seconds - won.seconds, cost(few), cost(many));
  if (rows === null) return why;
  return `batch ${batch} too small to gain from ${named(more.workers)}, break-even ≈ ${rows}; ${why}`;
}

/**
 * The batch, to the nearest power of two, at which more workers make up for what they lose at this one; null where that
 * cannot be told. @param loss seconds a step  @param cost seconds a row, with fewer and with more workers
 */
export function breakEven(batch: number, loss: number, cost: number, costOfMore: number): number | null {
  if (!(loss >= 0 && costOfMore > 0 && costOfMore < cost / 1.1)) return null;
  const rows = batch + loss / (cost - costOfMore);
  if (rows > FURTHEST * batch) return null;
  let power = 1;
  while (power <= batch || power * Math.SQRT2 < rows) power *= 2;
  return power;
}
