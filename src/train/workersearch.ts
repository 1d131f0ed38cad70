/**
 * `--workers auto` tries numbers of workers during the first steps, whose results do not depend on it, takes
 * the fastest, and says why. Later, `workerwatch` looks whether it still is.
 */
import { availableParallelism } from 'node:os';
import { interquartileMean, quantile } from '../statistics.js';

/** Returns the numbers of workers to choose from: the one asked for, or 0, 2, 4, … and every core. */
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

/** A number of workers that was tried. */
export interface Trial {
  readonly workers: number;
  /** Seconds of a step. */
  readonly seconds: number;
}

export interface WorkerDecision {
  readonly workers: number;
  readonly why: string;
  /** The numbers that were tried under equal conditions, from few to many; the fastest is among them. */
  readonly trials: readonly Trial[];
}

/** The first step after a change of the number pays for the change and is not counted. */
export const FIRST = { steps: 1, seconds: 0 };
/** Steps until the engine has compiled the code. */
const WARM_UP = { steps: 50, seconds: 0.1 };
/** The last steps of the warm-up give a first impression. */
const GLANCE = 5;
/**
 * A number whose best step takes this many times as long as another's is ruled out, however noisy the
 * machine.
 */
export const CLEARLY = 1.4;
/**
 * At most FINALISTS of the others take turns: at least ROUNDS times, then for PART of the training but at
 * most for MOMENT seconds.
 */
const FINALISTS = 3;
const ROUNDS = 5;
const TURN = { steps: 10, seconds: 0.02 };
const PART = 0.03;
const MOMENT = 1;
/** Seconds after which no turns begin: steps as long as these need no second measurement. */
const BUDGET = 2;
/** Seconds that threads take to start: a training that is shorter than that does not need them. */
const POOL_START = 0.3;
/** The first steps, whose code is not compiled yet, take up to this many times as long as later ones. */
const SURELY = 4;

const DONE_BEFORE: WorkerDecision = { workers: 0, why: 'done before threads would have started', trials: [] };

/**
 * Searches for the fastest number of workers while training runs. It first glances at each number, from few
 * workers to many, until more are clearly slower. Then the best take turns, so that whatever else the machine
 * does affects all of them alike. The mean of the middle half of a number's turns decides, because threads
 * have fast and slow spells of many steps, depending on where the system places them, and a training meets
 * both. Within a turn the mean of the middle half of its steps counts, which leaves out the steps that wait
 * for the engine's compiler.
 */
export class WorkerSearch {
  readonly #plan: Generator<number, WorkerDecision, number>;
  /** The number of workers for the next step. */
  current: number;

  /**
   * @param candidates numbers of workers in rising order; the first is 0, which is in-process
   * @param steps steps of the whole training
   * @param prepare called once with the largest number, before more than 0 workers are tried: threads can
   * start meanwhile
   */
  constructor(candidates: readonly number[], steps: number, prepare: (most: number) => void) {
    this.#plan = search(candidates, steps, prepare);
    this.current = this.#plan.next().value as number;
  }

  /** Records the seconds of the step just made; returns the decision once there is one. */
  record(seconds: number): WorkerDecision | null {
    const { done, value } = this.#plan.next(seconds);
    if (done) return value;
    this.current = value;
    return null;
  }
}

/** Yields the number of workers for the next step and receives the seconds of that step. */
function* search(
  candidates: readonly number[],
  steps: number,
  prepare: (most: number) => void,
): Generator<number, WorkerDecision, number> {
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

function decide(trials: readonly Trial[], { workers }: Trial): WorkerDecision {
  return { workers, why: describeTrials(trials), trials };
}

/** Says what was measured, for people. */
export const describeTrials = (trials: readonly Trial[]): string => trials.map(describe).join(', ');

function describe({ workers, seconds }: Trial): string {
  return `${named(workers)} ${milliseconds(seconds)} a step`;
}

const named = (workers: number): string => (workers === 0 ? 'in-process' : `${workers} workers`);

const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(seconds < 0.01 ? 2 : 0)} ms`;

/** Returns the fastest trial; among equals, the one with fewer workers. */
export const fastest = (trials: readonly Trial[]): Trial =>
  trials.reduce((a, b) => (b.seconds < a.seconds ? b : a));

/** The middle time, or the longer one of two: a time that was really measured. */
const middle = (times: readonly number[]): number => quantile(times, 0.5);

/** Returns the seconds of a gradient over some rows, whose result is not used. */
type Probe = (workers: number, rows: number) => Promise<number>;

const PROBES = 15;
/** Seconds of a step above which it cannot be the small batch that makes more workers slower. */
const SMALL = 0.01;
/** The fewest rows for which half a batch and a whole one still tell cost from overhead. */
const FEWEST_ROWS = 16;
/** A break-even beyond this many batches would be a guess, not a measurement. */
const FURTHEST = 16;

/**
 * Returns the reason of a decision for people. Where more workers lost, it says from which batch on they
 * would win, if that can be told: a gradient takes overhead + rows × cost, and both differ between numbers of
 * workers. Half a batch and a whole one measure the cost. Where the cost with fewer workers is not clearly
 * higher, or the two lines meet too far away, nothing is said of it.
 */
export async function explained(decision: WorkerDecision, batch: number, probe: Probe): Promise<string> {
  const { workers, trials, why } = decision;
  const won = trials.find((trial) => trial.workers === workers);
  const more = trials.find((trial) => trial.workers > workers);
  if (!won || !more || batch < FEWEST_ROWS || more.seconds > SMALL) return why;
  const half = batch >> 1;
  const few = { workers, half: [] as number[], whole: [] as number[] };
  const many = { workers: more.workers, half: [] as number[], whole: [] as number[] };
  for (let round = 0; round < PROBES; round++) {
    for (const { workers, ...times } of [few, many]) {
      await probe(workers, half); // pays for the change of the number
      times.half.push(await probe(workers, half));
      times.whole.push(await probe(workers, batch));
    }
  }
  const cost = ({ half: short, whole }: typeof few) =>
    (Math.min(...whole) - Math.min(...short)) / (batch - half);
  const rows = breakEvenRows(batch, more.seconds - won.seconds, cost(few), cost(many));
  if (rows === null) return why;
  return `batch ${batch} too small to gain from ${named(more.workers)}, break-even ≈ ${rows}; ${why}`;
}

/**
 * Returns the batch, rounded to a power of two, from which more workers win; null where that cannot be told.
 * @param loss seconds that more workers lose in a step of this batch
 * @param cost seconds of a row with fewer workers
 * @param costOfMore seconds of a row with more workers
 */
export function breakEvenRows(batch: number, loss: number, cost: number, costOfMore: number): number | null {
  if (!(loss >= 0 && costOfMore > 0 && costOfMore < cost / 1.1)) return null;
  const rows = batch + loss / (cost - costOfMore);
  if (rows > FURTHEST * batch) return null;
  let power = 1;
  while (power <= batch || power * Math.SQRT2 < rows) power *= 2;
  return power;
}
