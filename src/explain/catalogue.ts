/**
 * Lists what `gradpool list` shows, from the same records that the network, the trainer and the tests use.
 */
import type { z } from 'zod';
import { PROBLEMS } from '../data/problems/index.js';
import type { BuiltInProblem } from '../data/problems/problem.js';
import { didYouMean } from '../didyoumean.js';
import { UsageError } from '../errors.js';
import { hyperValues } from '../hyperparameters.js';
import { METRICS, type Metric } from '../metrics/catalogue.js';
import { ACTIVATIONS, type Activation } from '../network/activations.js';
import { DIVERGENCES, type Divergence } from '../network/divergences.js';
import { INITIALIZERS } from '../network/initializers.js';
import { LAYER_KINDS } from '../network/kinds.js';
import { RULES, type UpdateRule } from '../optim/rules.js';
import { SCHEDULES, type Schedule } from '../optim/schedules.js';

/** Describes one member of a group: a layer, a loss, an optimizer, … */
export interface Entry {
  readonly name: string;
  readonly formula: string;
  /** The derivative of a function, or the gradient of a divergence. */
  readonly derivative?: string;
  /** The parameters with their defaults; 'required' where a parameter has none. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** PyTorch's name for it; null where PyTorch has none. */
  readonly torch: string | null;
}

const torchName = (torch: string) => (torch === 'none' ? null : torch);

/** Functions that list the members of each group. */
export const CATALOGUE = {
  layers: () =>
    entries(LAYER_KINDS)
      .filter(([name]) => !Object.hasOwn(ACTIVATIONS, name))
      .map(
        ([name, { formula, torch, argument }]): Entry => ({
          name,
          formula,
          defaults: defaultsOf(argument.shape),
          torch: torchName(torch),
        }),
      ),
  activations: () =>
    entries<Activation>(ACTIVATIONS).map(([name, { formula, derivative, torch, parameter }]): Entry => {
      const defaults = parameter ? { [parameter.name]: parameter.default } : {};
      return { name, formula, derivative, defaults, torch: torchName(torch) };
    }),
  losses: () =>
    entries<Divergence>(DIVERGENCES).map(
      ([name, { formula, gradient, torch, parameter }]): Entry => ({
        name,
        formula,
        derivative: gradient,
        defaults: parameter ? { [parameter.name]: parameter.default } : {},
        torch: torchName(torch),
      }),
    ),
  optimizers: () =>
    entries<UpdateRule>(RULES).map(
      ([name, { formula, torch, lr, hyper }]): Entry => ({
        name,
        formula,
        defaults: { lr, ...hyperValues(hyper, {}) },
        torch: torchName(torch),
      }),
    ),
  schedules: () =>
    entries<Schedule>(SCHEDULES).map(
      ([name, { formula, torch, hyper }]): Entry => ({
        name,
        formula,
        defaults: hyperValues(hyper, {}),
        torch: torchName(torch),
      }),
    ),
  initializers: () =>
    entries(INITIALIZERS).map(
      ([name, { formula, torch }]): Entry => ({ name, formula, defaults: {}, torch: torchName(torch) }),
    ),
  metrics: () =>
    entries<Metric>(METRICS).map(([name, { help, task, greaterIsBetter }]): Entry => {
      const formula = `${task}, ${greaterIsBetter ? 'greater' : 'smaller'} is better: ${help}`;
      return { name, formula, defaults: {}, torch: null };
    }),
  problems: () =>
    entries<BuiltInProblem>(PROBLEMS).map(([name, { summary, size, noise }]): Entry => {
      const defaults = {
        ...(size ? { [size.unit]: size.default } : {}),
        ...(noise === undefined ? {} : { noise }),
      };
      return { name, formula: summary, defaults, torch: null };
    }),
} as const satisfies Record<string, () => Entry[]>;

type GroupName = keyof typeof CATALOGUE;
export const GROUP_NAMES = Object.keys(CATALOGUE) as GroupName[];

function entries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record);
}

/** Returns what each schema puts where nothing is given. */
function defaultsOf(shape: z.ZodRawShape): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(shape).flatMap(([key, schema]) => {
      const parsed = (schema as z.ZodType).safeParse(undefined);
      if (!parsed.success) return [[key, 'required']];
      return parsed.data === undefined ? [] : [[key, parsed.data]];
    }),
  );
}

/** Checks that a group of this name exists. Throws UsageError naming all groups. */
export function groupName(name: string): GroupName {
  if (Object.hasOwn(CATALOGUE, name)) return name as GroupName;
  throw new UsageError(
    `list: expected ${GROUP_NAMES.join(', ')}, found "${name}"${didYouMean(name, GROUP_NAMES)}`,
  );
}
