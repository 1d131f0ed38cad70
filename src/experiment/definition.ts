/** What a sweep is defined by: everything that its leaderboard depends on. */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { describeIssue } from '../issues.js';
import { whole } from '../optim/hyper.js';
import type { TrainOptions } from '../train/config.js';
import { defaultScore, SCORE_NAMES, type ScoreName } from './scores.js';
import type { Axis } from './searches/axes.js';
import type { OwnSearch } from './searches/own.js';

/** The ways of choosing configurations, and what each does. */
export const SEARCHES = {
  grid: 'every combination of the values',
  random: 'independent draws',
  sobol: 'draws of a Sobol sequence, which fill the space evenly',
  halving: 'many configurations for a few epochs, and the best of them for ever more',
  hyperband: 'halving with several trade-offs between the number of configurations and their epochs',
  tpe: 'draws near those configurations that were best so far (tree-structured Parzen estimator)',
} as const;

/** The name of a search. */
export type SearchName = keyof typeof SEARCHES;
/** A search as a sweep's file names it: own:NAME is a function of the program that began the sweep. */
export type NamedSearch = SearchName | `own:${string}`;
/** Whether a search trains configurations up to rungs, so that they are compared at equal epochs. */
export const hasRungs = (search: NamedSearch): boolean => search === 'halving' || search === 'hyperband';
const SEARCH_NAMES = Object.keys(SEARCHES) as SearchName[];

const seed = whole(0).max(Number.MAX_SAFE_INTEGER);

/** Every key of a sweep but its base and its axes; the command line derives its flags from these. */
export const SWEEP_SHAPE = {
  search: z
    .enum(SEARCH_NAMES as [SearchName, ...SearchName[]])
    .default('grid')
    .describe('how configurations are chosen'),
  seeds: z
    .union([whole(1), z.array(seed).min(1)])
    .default(1)
    .describe('seeds with which each configuration is trained: how many, or a list such as 1,2,3'),
  score: z
    .enum(SCORE_NAMES as [ScoreName, ...ScoreName[]])
    .optional()
    .describe(
      'what configurations are ranked by, as its mean over the seeds: val_ or test_ and loss or a metric, such as val_f1Macro; by default val_ and the metric of the trainings',
    ),
  trials: whole(1)
    .optional()
    .describe('trainings to begin at most: configurations times seeds; a grid has no need of it'),
  searchSeed: seed.default(1).describe('seed of the draws of random, sobol, tpe, halving and hyperband'),
  eta: whole(2)
    .default(3)
    .describe('halving, hyperband: one configuration of this many goes on, for this many times the epochs'),
  minEpochs: whole(1)
    .optional()
    .describe('halving, hyperband: epochs of the first rung; by default as few as leave one configuration'),
  startup: whole(2).default(10).describe('tpe: configurations that are drawn before results are looked at'),
  together: whole(1)
    .default(4)
    .describe('tpe: configurations proposed together, each from the results of all earlier groups'),
  refit: z
    .boolean()
    .default(false)
    .describe('train the best configuration once more at the end, on the validation rows too'),
} as const;

/** A key of a sweep beside its base and its axes. */
type SweepKey = keyof typeof SWEEP_SHAPE;
export const SWEEP_KEYS = Object.keys(SWEEP_SHAPE) as SweepKey[];

const sweepSchema = z.strictObject({
  base: z.record(z.string(), z.unknown()),
  axes: z.record(z.string(), z.unknown()),
  ...SWEEP_SHAPE,
});

type Parsed = z.output<typeof sweepSchema>;
/** A sweep with every default filled in. */
export type SweepDefinition = Readonly<Omit<Parsed, 'base' | 'axes' | 'seeds' | 'search' | 'score'>> & {
  readonly search: NamedSearch;
  readonly score: ScoreName;
  readonly base: TrainOptions;
  readonly axes: Readonly<Record<string, Axis>>;
  readonly seeds: readonly number[];
};

type Given = { readonly [Key in SweepKey]?: z.input<(typeof SWEEP_SHAPE)[Key]> | undefined };
/**
 * A sweep as a user gives it: the options that all trials share, the axes, and how to search.
 */
export interface SweepOptions extends Omit<Given, 'seeds' | 'search'> {
  /** The options of every trial, as `train` takes them; what an axis says goes before. */
  readonly base: TrainOptions;
  /**
   * The values of each key that is varied, by its dotted path. A search of one's own can do without them.
   */
  readonly axes?: Readonly<Record<string, Axis>>;
  /** How configurations are chosen: the name of a search, or a function that proposes them. */
  readonly search?: SearchName | OwnSearch | undefined;
  /** How many seeds, counted up from that of the base, or a list of them; default 1. */
  readonly seeds?: number | readonly number[] | undefined;
}

/** Keys that belong to some searches only. */
const BELONGS: Partial<Record<SweepKey, readonly SearchName[]>> = {
  eta: ['halving', 'hyperband'],
  minEpochs: ['halving', 'hyperband'],
  startup: ['tpe'],
  together: ['tpe'],
};

/**
 * Fills in the defaults of a sweep and checks its keys.
 * @throws UsageError for a key that does not exist, has an impossible value or belongs to another search
 */
export function defineSweep(given: SweepOptions): SweepDefinition {
  const { search: asked, score: wanted } = given;
  const own = ownSearchName(asked);
  const score = defaultScore(given.base);
  const plain = {
    ...given,
    axes: given.axes ?? {},
    ...(own === null ? {} : { search: undefined }),
    ...(wanted === score ? { score: undefined } : {}),
  };
  const parsed = sweepSchema.safeParse(plain);
  if (!parsed.success) {
    const known = ['base', 'axes', ...SWEEP_KEYS];
    throw new UsageError(describeIssue(parsed.error.issues[0], plain, known, 'key of a sweep'));
  }
  const { seeds } = parsed.data;
  const search = own ?? parsed.data.search;
  for (const [key, searches] of Object.entries(BELONGS)) {
    if (given[key as SweepKey] === undefined || (searches as readonly string[]).includes(search)) continue;
    if (given[key as SweepKey] === parsed.data[key as SweepKey] && isDefault(key as SweepKey, given))
      continue;
    throw new UsageError(`${key}: search ${search} does not use it; it belongs to ${searches.join(' and ')}`);
  }
  const { seed = 1, refit, ...base } = given.base;
  const all = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => seed + i) : seeds;
  if (new Set(all).size < all.length)
    throw new UsageError('seeds: names a seed twice; leave one of them out');
  const definition = {
    ...parsed.data,
    base: base as TrainOptions,
    axes: given.axes ?? {},
    seeds: all,
    search,
    score: parsed.data.score ?? score,
  };
  return refit === undefined ? definition : { ...definition, refit: refit || definition.refit };
}

/** Returns the name by which a sweep's file holds a search of one's own; null for one of gradpool's. */
function ownSearchName(search: unknown): `own:${string}` | null {
  if (typeof search === 'function') return `own:${search.name || 'search'}`;
  return typeof search === 'string' && search.startsWith('own:') ? (search as `own:${string}`) : null;
}

/** Whether a key is given at its default, as in the stored definition of every sweep. */
function isDefault(key: SweepKey, given: SweepOptions): boolean {
  return SWEEP_SHAPE[key].safeParse(undefined).data === given[key];
}
