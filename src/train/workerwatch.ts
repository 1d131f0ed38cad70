/**
 * `--workers auto` keeps choosing while training runs: another program may come or go, and a number of
 * workers that was chosen beside it need not be the best one without it.
 */
import { interquartileMean, mean } from '../statistics.js';
import { CLEARLY, describeTrials, FIRST, fastest, type Trial, type WorkerDecision } from './workersearch.js';

/** Seconds after which the neighbours of the chosen number are tried again, whatever the steps look like. */
const INTERVAL = 5;
/** Seconds of training after a change of the number, which is then looked at again. */
const SOON = 1;
/** Trying others costs, in comparison with the chosen number, at most this part of the time. */
const LOSS = 0.02;
/** Steps are averaged over windows of so many seconds. */
const WINDOW = 0.5;
/** So many windows in a row that are slower than the best alternative are a reason to try it at once. */
const SLOW_WINDOWS = 2;
/**
 * So many windows in a row that are clearly faster than when others were tried last mean that another program
 * has gone: that is a reason too, whatever the last comparison cost.
 */
const QUICK_WINDOWS = 4;
const QUICKER = 0.85;
/** The last seconds of a training are not worth a change. */
const WORTH = 2;
/** Steps by which a number that is clearly slower is ruled out. */
const GLANCE = { steps: 5, seconds: 0.05 };
/** The others take this many turns, as long as they take less than BUDGET seconds together. */
const ROUNDS = 5;
const TURN = { steps: 50, seconds: 0.02 };
const BUDGET = 2;
/** Another number has to be so much faster, or choices would alternate by chance. */
const MARGIN = 1.03;

/** The number of workers for the next step, and the decision if it has just changed. */
interface Next {
  readonly workers: number;
  readonly decision: WorkerDecision | null;
}

/**
 * Watches the steps after a decision. Every few seconds, or once steps are slower than the best alternative
 * was, the numbers next to the chosen one take turns with it. Within a turn the mean of all steps counts,
 * because stalls beside another program are what is looked for; of a number's turns the middle half counts.
 */
export class WorkerWatch {
  readonly #plan: Generator<Next, never, number>;
  /** The number of workers for the next step. */
  current: number;

  /**
   * @param candidates numbers of workers in rising order
   * @param decision what was chosen, and what was measured of the others
   * @param steps steps that are left of the training
   */
  constructor(candidates: readonly number[], decision: WorkerDecision, steps: number) {
    this.#plan = watch(candidates, decision, steps);
    this.current = this.#plan.next().value.workers;
  }

  /** Records the seconds of the step just made; returns a decision when the number of workers changes. */
  record(seconds: number): WorkerDecision | null {
    const { workers, decision } = this.#plan.next(seconds).value;
    this.current = workers;
    return decision;
  }
}

/** Yields the number of workers for the next step and receives the seconds of that step. */
function* watch(
  candidates: readonly number[],
  first: WorkerDecision,
  steps: number,
): Generator<Next, never, number> {
  let { workers } = first;
  let decision: WorkerDecision | null = null;
  let left = steps;
  let spent = 0;
  /** What was spent on other numbers than the chosen one since the last comparison began. */
  let away = { steps: 0, seconds: 0 };
  function* take(number: number, { steps, seconds }: typeof TURN): Generator<Next, number[], number> {
    const times: number[] = [];
    const end = spent + seconds;
    for (; times.length < steps && (times.length === 0 || spent < end); left--) {
      const seconds = yield { workers: number, decision };
      times.push(seconds);
      decision = null;
      spent += seconds;
      if (number !== workers) away = { steps: away.steps + 1, seconds: away.seconds + seconds };
    }
    return times;
  }
  /** Trains on until it is time to try others. */
  function* train(pause: number, last: readonly Trial[]): Generator<Next, void, number> {
    const [begin, due] = [spent, spent + pause];
    const own = last.find((trial) => trial.workers === workers)!.seconds;
    const rival = fastest(last.filter((trial) => trial.workers !== workers)).seconds;
    for (let [slow, quick] = [0, 0]; ; ) {
      const seconds = mean(yield* take(workers, { steps: Number.POSITIVE_INFINITY, seconds: WINDOW }));
      slow = seconds > rival ? slow + 1 : 0;
      quick = seconds < QUICKER * own ? quick + 1 : 0;
      const hasChanged =
        slow >= SLOW_WINDOWS || (quick >= QUICK_WINDOWS && spent >= begin + Math.min(pause, INTERVAL));
      if (left * seconds > WORTH && (spent >= due || hasChanged)) return;
    }
  }
  /** Measures the chosen number beside its neighbours; those that are clearly slower drop out at once. */
  function* compare(): Generator<Next, Trial[], number> {
    const place = candidates.indexOf(workers);
    const own = yield* take(workers, GLANCE);
    const trials: Trial[] = [];
    const turns = new Map<number, number[]>([[workers, []]]);
    for (const number of [candidates[place - 1], candidates[place + 1]]) {
      if (number === undefined) continue;
      yield* take(number, FIRST);
      const times = yield* take(number, GLANCE);
      if (Math.min(...times) > CLEARLY * Math.min(...own))
        trials.push({ workers: number, seconds: mean(times) });
      else turns.set(number, []);
    }
    if (turns.size === 1) return [...trials, { workers, seconds: mean(own) }];
    const end = spent + BUDGET;
    for (let round = 0; round < ROUNDS && (round === 0 || spent < end); round++) {
      for (const [number, means] of turns) {
        yield* take(number, FIRST);
        means.push(mean(yield* take(number, TURN)));
      }
    }
    const seconds = ([workers, means]: [number, number[]]) => ({
      workers,
      seconds: interquartileMean(means),
    });
    return [...trials, ...[...turns].map(seconds)];
  }

  let trials = first.trials;
  let pause = INTERVAL;
  for (;;) {
    yield* train(pause, trials);
    away = { steps: 0, seconds: 0 };
    trials = [...(yield* compare())].sort((a, b) => a.workers - b.workers);
    const chosen = trials.find((trial) => trial.workers === workers)!;
    const best = fastest(trials);
    const lost = away.seconds - away.steps * chosen.seconds;
    pause = Math.max(INTERVAL, lost / LOSS);
    if (chosen.seconds > MARGIN * best.seconds) {
      workers = best.workers;
      decision = { workers, why: `tried again: ${describeTrials(trials)}`, trials };
      pause = SOON;
    }
  }
}
