/** Prepares a sweep: resolves and checks all that can be known before the first trial. */
import { type FoldedData, testToTrain } from '../data/folded.js';
import { isFolded } from '../data/parting.js';
import { UsageError } from '../errors.js';
import { absoluteSources } from '../run/sources.js';
import type { TrainConfig, TrainOptions } from '../train/config.js';
import { checkOwnGiven, type OwnFunctions, ownFunctions } from '../train/own.js';
import type { TrainingPlan } from '../train/plan.js';
import { isHeldBack } from '../train/refit.js';
import { SweepData } from './dataloader.js';
import { hasRungs, type SweepDefinition } from './definition.js';
import { dataOf, defaultScore, isOwnScore, scoresOf } from './scores.js';
import type { OwnSearch } from './searches/own.js';
import { type Search, searchOf } from './searches/searches.js';
import { assignmentText, checkSpace, configured, type Space } from './searches/space.js';
import { cornersOf } from './searches/tpe.js';
import { Planner, type SweepKernels } from './trialplan.js';
import { type Units, unitsOf } from './units.js';

/** A sweep that is checked and ready to begin. */
export interface PreparedSweep {
  readonly definition: SweepDefinition;
  readonly space: Space;
  readonly search: Search;
  readonly planner: Planner;
  readonly data: SweepData;
  /** The plan of the first configuration. */
  readonly first: TrainingPlan;
  /** The trainings of each configuration. */
  readonly units: Units;
  /** Folds of each seed, all repetitions together; 0 without a cross-validation. */
  readonly foldsOf: number;
  readonly notes: readonly string[];
  /** The metric and the stopping rule of the program that sweeps. */
  readonly own: OwnFunctions;
}

/** Returns the base of a sweep with absolute paths, so that it can be resumed from any folder. */
export function absoluteBase(base: TrainOptions): TrainOptions {
  if (typeof base.data !== 'string') return base;
  return absoluteSources(base as unknown as TrainConfig) as unknown as TrainOptions;
}

/**
 * Checks a sweep: its axes, its search, and every configuration that is known already.
 * @param base the options that all trials share, with data in memory where there are such data
 * @param begun what `kernels: auto` stands for, if the sweep was begun before, and a search that is one of
 *   the program's own
 * @throws UsageError and DataError, which name the configuration, as a training does
 */
export async function prepareSweep(
  definition: SweepDefinition,
  base: TrainOptions,
  begun: { readonly kernels: SweepKernels | null; readonly search: unknown },
): Promise<PreparedSweep> {
  const own = ownFunctions(base);
  checkOwnGiven(definition.base, own);
  const space = checkSpace(base, definition.axes, definition.search.startsWith('own:'));
  const data = new SweepData();
  const planner = new Planner(base, data, begun.kernels);
  const {
    units,
    folds: foldsOf,
    held,
  } = await unitsFor(definition, configured(base, cornersOf(space)[0]), data);
  const [unit, ...others] = units.all;
  const first = await planner.plan(cornersOf(space)[0], unit);
  const given = typeof begun.search === 'function' ? (begun.search as OwnSearch) : undefined;
  const search = searchOf(definition, space, first.config.epochs, { each: units.all.length, own: given });
  for (const other of others) await planner.plan(search.candidates[0], other);
  const rungs = hasRungs(definition.search);
  for (const assignment of [...search.candidates, ...search.corners]) {
    const plan = await planner.prepare(assignment, unit);
    checkScore(definition, plan, held !== null);
    for (const other of others) if (other.seed === unit.seed) await planner.prepare(assignment, other);
    if (rungs && plan.config.epochs !== first.config.epochs) {
      throw new UsageError(
        `${assignmentText(assignment)}: has ${plan.config.epochs} epochs and others have ${first.config.epochs}, but search ${definition.search} compares all at the same epochs: give --epochs`,
      );
    }
  }
  return {
    definition,
    space,
    search,
    planner,
    data,
    first,
    units,
    foldsOf,
    own,
    notes: [...first.notes, ...search.notes, ...sweepNotes(definition, first, held)],
  };
}

/**
 * Returns the trainings of each configuration. Throws UsageError where the seeds have different numbers of
 * folds, since configurations are compared fold by fold.
 */
async function unitsFor(
  { seeds }: SweepDefinition,
  base: TrainOptions,
  data: SweepData,
): Promise<{ units: Units; folds: number; held: FoldedData['held'] | null }> {
  if (!isFolded(base)) return { units: unitsOf(seeds, 0, 0), folds: 0, held: null };
  const all = await Promise.all(seeds.map((seed) => data.folds({ ...base, seed, refit: false })));
  const [first] = all;
  const other = all.findIndex(({ folds }) => folds.length !== first.folds.length);
  if (other > 0) {
    throw new UsageError(
      `seed ${seeds[other]}: leaves ${all[other].folds.length} folds, and seed ${seeds[0]} has ${first.folds.length}, since all rows of a fold were kept for the test; leave out test or that seed`,
    );
  }
  const { length: folds } = first.folds;
  return { units: unitsOf(seeds, folds, testToTrain(first)), folds, held: first.held };
}

/** Throws UsageError where trainings will not have the score. */
function checkScore({ score }: SweepDefinition, { data, config }: TrainingPlan, folded: boolean): void {
  if (isOwnScore(score)) {
    if (defaultScore(config) === score) return;
    throw new UsageError(`score ${score}: the trainings do not go by this metric; give it as metric`);
  }
  const part = dataOf(score);
  if (part === 'test' && data.test === null && folded) {
    throw new UsageError(
      `score ${score}: the folds are scored by their own rows, so take ${score.replace('test', 'val')}; with --val 0.1, which chooses the epoch by other rows, ${score} is that of the folds`,
    );
  }
  if (part !== 'train' && data[part] === null) {
    const remedy =
      part === 'val'
        ? 'keep rows back with --val 0.2, or take --score train_loss'
        : 'give --test, or take val_loss';
    throw new UsageError(
      `score ${score}: there are no ${part === 'val' ? 'validation' : 'test'} rows; ${remedy}`,
    );
  }
  const own = scoresOf(data.task, part);
  if (!own.includes(score)) {
    const metric = score.slice(part.length + 1);
    throw new UsageError(`score ${score}: a ${data.task} has no ${metric}; take ${own.join(', ')}`);
  }
}

function sweepNotes(
  { score, refit }: SweepDefinition,
  { data }: TrainingPlan,
  held: FoldedData['held'] | null,
): string[] {
  return [
    ...(held === 'test' && dataOf(score) === 'val'
      ? [
          `score ${score}: measured on the validation rows that choose the epoch; ${score.replace('val', 'test')} is measured on the folds`,
        ]
      : []),
    ...(held === null && dataOf(score) === 'test'
      ? [
          `score ${score}: the best configuration is chosen by the test rows, so its own figure on them is too good`,
        ]
      : []),
    ...(dataOf(score) === 'train'
      ? [`score ${score}: configurations are compared on the rows that they were trained on`]
      : []),
    ...(refit && !isHeldBack(data)
      ? ['refit: no validation rows were kept back from the training rows, so it changes nothing']
      : []),
  ];
}
