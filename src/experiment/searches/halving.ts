/**
 * Synchronous successive halving (Jamieson and Talwalkar, AISTATS 2016) and Hyperband (Li et al., JMLR 18,
 * 2018). All trials of a rung end before the next rung begins, so who goes on does not depend on which ends
 * first.
 */
import type { Assignment } from './space.js';

/** A configuration and the epochs to which it is trained now. */
export interface Proposal {
  readonly assignment: Assignment;
  /** The epoch at which its rung ends, or all epochs of its own configuration. */
  readonly epochs: number | 'all';
}

/** The scores of proposals in their order, less being better; null for one that failed. */
export type RungScores = readonly (number | null)[];

/** Yields what is to be trained at the same time, and is given its scores. */
export type Rounds = Generator<readonly Proposal[], void, RungScores>;

/** A rung: how many configurations are trained until which epoch. */
interface Rung {
  readonly count: number;
  readonly epochs: number;
}

/**
 * Returns the rungs of a halving that begins with `count` configurations and ends at `epochs`: each rung has
 * 1/eta of the configurations before it and eta times their epochs.
 * @param first epochs of the first rung; by default as few as leave one configuration at the end
 */
export function rungsOf(count: number, epochs: number, eta: number, first?: number): Rung[] {
  let steps = 0;
  // The last rung has at least one configuration, and the first one at least one epoch.
  const fits = (n: number) =>
    count >= eta ** n && (first === undefined ? epochs >= eta ** n : first * eta ** n <= epochs);
  while (fits(steps + 1)) steps++;
  return Array.from({ length: steps + 1 }, (_, rung) => ({
    count: Math.floor(count / eta ** rung),
    epochs: rung === steps ? epochs : rungEpochs({ rung, steps, epochs, eta, first }),
  }));
}

function rungEpochs(at: {
  readonly rung: number;
  readonly steps: number;
  readonly epochs: number;
  readonly eta: number;
  readonly first: number | undefined;
}): number {
  const { rung, steps, epochs, eta, first } = at;
  if (first !== undefined) return first * eta ** rung;
  return Math.max(1, Math.round(epochs / eta ** (steps - rung)));
}

/**
 * Trains the configurations up the rungs; those with the best scores go on, the earlier of two equal ones.
 */
export function* halvingRounds(candidates: readonly Assignment[], rungs: readonly Rung[]): Rounds {
  let left = candidates;
  for (const { count, epochs } of rungs) {
    const proposals = left.slice(0, count).map((assignment) => ({ assignment, epochs }));
    const scores = yield proposals;
    left = ranked(scores).map((index) => proposals[index].assignment);
    if (left.length === 0) return;
  }
}

/** Returns the positions of those that did not fail, from the best to the worst. */
export function ranked(scores: RungScores): number[] {
  const done = [...scores.keys()].filter((index) => scores[index] !== null);
  return done.sort((a, b) => scores[a]! - scores[b]! || a - b);
}

/** A bracket of Hyperband: a halving of its own. */
interface Bracket {
  readonly rungs: readonly Rung[];
}

/**
 * Returns Hyperband's brackets, from the one with the most configurations to the one with the most epochs.
 */
export function bracketsOf(epochs: number, eta: number, first = 1): Bracket[] {
  let most = 0;
  while (first * eta ** (most + 1) <= epochs) most++;
  return Array.from({ length: most + 1 }, (_, index) => {
    const steps = most - index;
    const count = Math.ceil(((most + 1) / (steps + 1)) * eta ** steps);
    const rungs = Array.from({ length: steps + 1 }, (_, rung) => ({
      count: Math.floor(count / eta ** rung),
      epochs: rung === steps ? epochs : Math.max(1, Math.round(epochs / eta ** (steps - rung))),
    }));
    return { rungs };
  });
}

/** Runs the brackets beside each other: a round is the same rung of all that have one. */
export function* hyperbandRounds(candidates: readonly Assignment[], brackets: readonly Bracket[]): Rounds {
  let used = 0;
  const open = brackets.map(({ rungs }) => {
    const rounds = halvingRounds(candidates.slice(used, used + rungs[0].count), rungs);
    used += rungs[0].count;
    return { rounds, next: rounds.next() };
  });
  for (;;) {
    const asking = open.filter(({ next }) => !next.done);
    if (asking.length === 0) return;
    const proposals = asking.map(({ next }) => next.value as readonly Proposal[]);
    const scores = yield proposals.flat();
    let from = 0;
    for (const [index, bracket] of asking.entries()) {
      const own = scores.slice(from, from + proposals[index].length);
      from += own.length;
      bracket.next = bracket.rounds.next(own);
    }
  }
}
