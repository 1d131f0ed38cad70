/** A search that a program brings along: a function that proposes configurations. */
import { UsageError } from '../../errors.js';
import { PURPOSE, Stream } from '../../random.js';
import type { Rounds } from './halving.js';
import { checkPath } from './paths.js';
import { type Assignment, assignmentAt, assignmentKey, type Space } from './space.js';

/** A configuration that a search has proposed, and what came of it. */
export interface TriedConfiguration {
  readonly axes: Assignment;
  /** The mean of the sweep's score over the seeds; null where a trial failed. */
  readonly score: number | null;
}

/** What a search is shown when it is asked for configurations. */
export interface SearchState {
  /** The number of the next configuration, counted from 0. */
  readonly number: number;
  /** How many more may be proposed; what goes beyond is left out. */
  readonly left: number;
  /** The sweep's `searchSeed`. */
  readonly seed: number;
  /** All earlier proposals with their results, in their order. */
  readonly tried: readonly TriedConfiguration[];
  /** Returns the next random number from 0 to 1, a function of the seed, `number` and earlier calls. */
  readonly random: () => number;
  /** Draws a configuration from the sweep's axes with these numbers. */
  readonly draw: () => Assignment;
}

/**
 * Proposes the configurations that are trained next, beside each other, by the dotted paths of the keys that
 * they set; none ends the search. Repeated ones are left out.
 *
 * It must be a function of what it is shown: no clock, no random numbers but `random`, nothing remembered
 * from call to call. Then the sweep is the same for any number of parallel trials and after any kill; a
 * resumed sweep asks for all proposals again. The sweep's folder stores the function's name only.
 */
export type OwnSearch = (state: SearchState) => readonly Assignment[];

/** Says what a search may propose. */
interface OwnSearchOptions {
  /** What the function is called, in messages. */
  readonly name: string;
  /** Configurations in all. */
  readonly count: number;
  readonly seed: number;
  /** 1 where less of the score is better, else −1. */
  readonly sign: 1 | -1;
}

/**
 * Asks for proposals until there are enough or no more.
 * @throws UsageError for a proposal that is no configuration
 */
export function* ownRounds(search: OwnSearch, space: Space, options: OwnSearchOptions): Rounds {
  const { count, sign } = options;
  const tried: TriedConfiguration[] = [];
  while (tried.length < count) {
    const proposals = proposed(search, space, tried, options);
    if (proposals.length === 0) return;
    const scores = yield proposals.map((assignment) => ({ assignment, epochs: 'all' as const }));
    proposals.forEach((axes, index) => {
      const score = scores[index];
      tried.push({ axes, score: score === null ? null : sign * score });
    });
  }
}

function proposed(
  search: OwnSearch,
  space: Space,
  tried: readonly TriedConfiguration[],
  { name, count, seed }: OwnSearchOptions,
): Assignment[] {
  const number = tried.length;
  const left = count - number;
  const stream = new Stream(seed, PURPOSE.proposal, number);
  const random = () => stream.uniform();
  const draw = () => assignmentAt(space, space.axes.map(random));
  const found = search({ number, left, seed, tried: [...tried], random, draw });
  if (!Array.isArray(found)) {
    throw new UsageError(`search ${name}: must return a list of configurations, found ${typeof found}`);
  }
  const seen = new Set(tried.map(({ axes }) => assignmentKey(axes)));
  const fresh: Assignment[] = [];
  for (const assignment of found as readonly Assignment[]) {
    for (const path of Object.keys(assignment)) checkPath(path);
    const key = assignmentKey(assignment);
    if (!seen.has(key)) fresh.push(assignment);
    seen.add(key);
  }
  return fresh.slice(0, left);
}
