/** A sweep that goes on may only have grown: its trials so far must all belong to it still. */
import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../errors.js';
import { EFFECTLESS } from '../train/runkeys.js';
import { hasRungs, type SweepDefinition } from './definition.js';
import { axesSchema } from './searches/axes.js';
import { assignmentKey, checkSpace, gridOf } from './searches/space.js';

/** Keys on which all choices depend. */
const FIXED = ['search', 'score', 'searchSeed', 'eta', 'minEpochs', 'startup', 'together'] as const;
/** Searches whose choices do not depend on results, so that more seeds change none. */
const UNCONCERNED = ['grid', 'random', 'sobol'];

/**
 * Throws UsageError where a sweep is no longer the one that was begun, or one that contains it: more values
 * of a grid, more trials, more seeds.
 */
export function refuseChange(file: string, before: SweepDefinition, now: SweepDefinition): void {
  const refuse = (what: string) => {
    throw new UsageError(
      `${file}: ${what}; a sweep that goes on may only grow (more values of a grid, more seeds, more trials): undo the change, or start a new sweep`,
    );
  };
  const changed = FIXED.find((key) => !same(before[key], now[key]));
  if (changed) refuse(`${changed} was ${text(before[changed])} and is now ${text(now[changed])}`);
  const bases = [before, now].map(({ base }) =>
    Object.fromEntries(Object.entries(base).filter(([key]) => !EFFECTLESS.includes(key))),
  );
  if (!same(bases[0], bases[1])) refuse(`the base has changed: ${differences(bases[0], bases[1])}`);

  const lost = before.seeds.find((seed) => !now.seeds.includes(seed));
  if (lost !== undefined) refuse(`seed ${lost} is gone`);
  if (!same(before.seeds, now.seeds) && !UNCONCERNED.includes(now.search)) {
    refuse(`the seeds have changed, and search ${now.search} has chosen by their scores`);
  }
  refuseAxes(before, now, refuse);
  if (hasRungs(now.search)) {
    if (before.trials !== now.trials)
      refuse(`trials has changed, and ${now.search} chooses among all of them`);
    return;
  }
  const configurations = ({ trials, seeds }: SweepDefinition) =>
    now.search === 'grid' || trials === undefined ? 0 : Math.floor(trials / seeds.length);
  if (configurations(now) < configurations(before)) {
    refuse(`trials allows ${configurations(now)} configurations, and allowed ${configurations(before)}`);
  }
}

function refuseAxes(before: SweepDefinition, now: SweepDefinition, refuse: (what: string) => void): void {
  const paths = [before, now].map(({ axes }) => Object.keys(axes));
  if (!same([...paths[0]].sort(), [...paths[1]].sort())) {
    refuse(`the axes were ${paths[0].join(', ')} and are now ${paths[1].join(', ')}`);
  }
  if (now.search !== 'grid') {
    const changed = paths[0].find(
      (path, index) => path !== paths[1][index] || !same(whole(before.axes[path]), whole(now.axes[path])),
    );
    if (changed) refuse(`axis ${changed} has changed, on which every draw of search ${now.search} depends`);
    return;
  }
  const [old, grown] = [before, now].map(({ base, axes }) =>
    gridOf(checkSpace(base, axes)).map(assignmentKey),
  );
  const kept = new Set(grown);
  const missing = old.find((key) => !kept.has(key));
  if (missing !== undefined) {
    const [path] = paths[0].filter((name) => !same(before.axes[name], now.axes[name]));
    refuse(
      `axis ${path} has lost a value: it was ${text(before.axes[path])} and is now ${text(now.axes[path])}`,
    );
  }
}

const text = (value: unknown): string => JSON.stringify(value) ?? 'not given';
/** Returns an axis with its defaults, which sweep.json holds and sweep.yaml need not. */
const whole = (axis: unknown): unknown => axesSchema.safeParse({ axis }).data?.axis ?? axis;

const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b);

function differences(before: object, now: object): string {
  const [old, current] = [before, now] as Record<string, unknown>[];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(current)])];
  const changed = keys.filter((key) => !same(old[key], current[key]));
  return changed.map((key) => `${key} was ${text(old[key])} and is now ${text(current[key])}`).join(', ');
}
