/**
 * The searches: each says what can be checked before the first trial, and yields what to train, in rounds.
 */
import { UsageError } from '../../errors.js';
import type { SearchName, SweepDefinition } from '../definition.js';
import { moreIsBetter } from '../scores.js';
import { randomDraws, sobolDraws } from './draws.js';
import { bracketsOf, halvingRounds, hyperbandRounds, type Rounds, rungsOf } from './halving.js';
import { type OwnSearch, ownRounds } from './own.js';
import { type Assignment, gridOf, hasOnlyLists, type Space } from './space.js';
import { cornersOf, tpeRounds } from './tpe.js';

/** A search over a space. */
export interface Search {
  /** The configurations that are trained first. */
  readonly candidates: readonly Assignment[];
  /** More configurations that must be possible: those at the ends of ranges, for proposals to come. */
  readonly corners: readonly Assignment[];
  /** Configurations in all, at most. */
  readonly configurations: number;
  /** Says what was left out, a plain line each. */
  readonly notes: readonly string[];
  /** Yields what to train. */
  rounds(): Rounds;
}

/**
 * Prepares the search of a sweep.
 * @param epochs the epochs of a whole training
 * @param each trainings of each configuration: one for each seed, or for each fold of each seed
 * @param own the function, where the search is one of the program's own
 * @throws UsageError for a search that needs `trials`, or has too few of them
 */
export function searchOf(
  definition: SweepDefinition,
  space: Space,
  epochs: number,
  {
    each = definition.seeds.length,
    own,
  }: { readonly each?: number; readonly own?: OwnSearch | undefined } = {},
): Search {
  const { search, searchSeed } = definition;
  if (search.startsWith('own:')) return ownSearch(definition, space, each, own);
  switch (search as SearchName) {
    case 'grid': {
      const candidates = gridOf(space);
      checkBudget(definition, candidates.length, each);
      return atOnce(candidates, candidates.length);
    }
    case 'random':
    case 'sobol': {
      const count = budget(definition, each);
      const draw = search === 'random' ? randomDraws : sobolDraws;
      return atOnce(draw(space, count, searchSeed), count);
    }
    case 'halving': {
      const all = hasOnlyLists(space) && definition.trials === undefined;
      const candidates = all ? gridOf(space) : sobolDraws(space, budget(definition, each), searchSeed);
      const { eta, minEpochs } = definition;
      return {
        ...atOnce(candidates, candidates.length),
        rounds: () => halvingRounds(candidates, rungsOf(candidates.length, epochs, eta, minEpochs)),
      };
    }
    case 'hyperband': {
      const { eta, minEpochs } = definition;
      const brackets = bracketsOf(epochs, eta, minEpochs);
      const count = brackets.reduce((sum, { rungs }) => sum + rungs[0].count, 0);
      checkBudget(definition, count, each);
      const candidates = sobolDraws(space, count, searchSeed);
      return { ...atOnce(candidates, count), rounds: () => hyperbandRounds(candidates, brackets) };
    }
    case 'tpe': {
      const count = budget(definition, each);
      const candidates = sobolDraws(space, Math.min(count, definition.startup), searchSeed);
      return {
        ...atOnce(candidates, candidates.length),
        corners: cornersOf(space),
        configurations: count,
        rounds: () => tpeRounds(space, candidates, { ...definition, count }),
      };
    }
  }
}

/** A search that is a function of the program that sweeps. */
function ownSearch(
  definition: SweepDefinition,
  space: Space,
  each: number,
  own: OwnSearch | undefined,
): Search {
  const { search: named, searchSeed: seed, score } = definition;
  const name = named.slice('own:'.length);
  if (own === undefined) {
    throw new UsageError(
      `search ${name} is a function of the program that began the sweep, which no file can hold: give it again, as in resumeSweep(folder, { search })`,
    );
  }
  const count = budget(definition, each);
  const rounds = () => ownRounds(own, space, { name, count, seed, sign: moreIsBetter(score) ? -1 : 1 });
  const first = rounds().next();
  const candidates = first.done ? [] : first.value.map(({ assignment }) => assignment);
  if (candidates.length === 0)
    throw new UsageError(`search ${name}: proposed no configuration to begin with`);
  return { ...atOnce(candidates, candidates.length), configurations: count, rounds };
}

/** A search that trains all candidates in one round. */
function atOnce(candidates: readonly Assignment[], asked: number): Search {
  const repeated = asked - candidates.length;
  return {
    candidates,
    corners: [],
    configurations: candidates.length,
    notes:
      repeated > 0
        ? [`${repeated} of ${asked} draws repeated an earlier configuration and were left out`]
        : [],
    *rounds() {
      yield candidates.map((assignment) => ({ assignment, epochs: 'all' as const }));
    },
  };
}

/** Returns how many configurations `trials` allows. */
function budget({ search, trials }: SweepDefinition, each: number): number {
  if (trials === undefined) {
    throw new UsageError(
      `search ${search} goes on for as long as it may: say how many trainings to begin, such as --trials ${20 * each}`,
    );
  }
  if (trials < each) {
    throw new UsageError(
      `trials: ${trials} are not enough for one configuration with its ${each} seeds or folds; give more, or fewer of these`,
    );
  }
  return Math.floor(trials / each);
}

/**
 * Throws UsageError where a search whose configurations are fixed would begin more trainings than allowed.
 */
function checkBudget({ search, trials }: SweepDefinition, configurations: number, each: number): void {
  const needed = configurations * each;
  if (trials === undefined || needed <= trials) return;
  throw new UsageError(
    `search ${search} has ${needed} trials, more than the ${trials} of --trials: allow more, or take search random`,
  );
}
