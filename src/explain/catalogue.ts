/** `gradpool list`: what there is, from the records that the network, the trainer and the tests use. */
import type { z } from 'zod';
import { closest } from '../closest.js';
import { PROBLEMS } from '../data/problems/index.js';
import type { BuiltInProblem } from '../data/problems/problem.js';
import { UsageError } from '../errors.js';
import { ACTIVATIONS, type Activation } from '../network/activations.js';
import { DIVERGENCES, type Divergence } from '../network/divergences.js';
import { INITIALIZERS } from '../network/initializers.js';
import { LAYER_KINDS } from '../network/kinds.js';
import { SCHEDULE_SHAPE, UPDATE_SHAPE } from '../optim/options.js';
import { RULES, type UpdateRule } from '../optim/rules.js';
import { SCHEDULES } from '../optim/schedules.js';

export interface Entry {
  readonly name: string;
  readonly formula: string;
  /** a function's derivative, a divergence's gradient */
  readonly derivative?: string;
  /** parameters and the values they have when left out; 'required' where they must be given */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly torch: string | null;
}

const nameless = (torch: string) => (torch === 'none' ? null : torch);

/** Each group, made when it is asked for. */
export const CATALOGUE = {
  layers: () =>
    entries(LAYER_KINDS)
      .filter(([name]) => !Object.hasOwn(ACTIVATIONS, name))
      .map(
        ([name, { formula, torch, argument }]): Entry => ({
          name,
          formula,
          defaults: defaultsOf(argument.shape),
          torch: nameless(torch),
        }),
      ),
  activations: () =>
    entries<Activation>(ACTIVATIONS).map(([name, { formula, derivative, torch, parameter }]): Entry => {
      const defaults = parameter ? { [parameter.name]: parameter.default } : {};
      return { name, formula, derivative, defaults, torch: nameless(torch) };
    }),
  losses: () =>
    entries<Divergence>(DIVERGENCES).map(
      ([name, { formula, gradient, torch, parameter }]): Entry => ({
        name,
        formula,
        derivative: gradient,
        defaults: parameter ? { [parameter.name]: parameter.default } : {},
        torch: nameless(torch),
      }),
    ),
  optimizers: () =>
    entries<UpdateRule>(RULES).map(
      ([name, { formula, torch, lr, defaults }]): Entry => ({
        name,
        formula,
        defaults: { lr, ...optionsOf(UPDATE_SHAPE, name), ...defaults },
        torch: nameless(torch),
      }),
    ),
  schedules: () =>
    entries(SCHEDULES).map(
      ([name, { formula, torch }]): Entry => ({
        name,
        formula,
        defaults: optionsOf(SCHEDULE_SHAPE, name),
        torch: nameless(torch),
      }),
    ),
  initializers: () =>
    entries(INITIALIZERS).map(
      ([name, { formula, torch }]): Entry => ({ name, formula, defaults: {}, torch: nameless(torch) }),
    ),
  problems: () =>
    entries<BuiltInProblem>(PROBLEMS).map(([name, { summary, size, noise }]): Entry => {
      const defaults = {
        ...(size ? { [size.unit]: size.default } : {}),
        ...(noise === undefined ? {} : { noise }),
      };
      return { name, formula: summary, defaults, torch: null };
    }),
} as const satisfies Record<string, () => Entry[]>;

export type GroupName = keyof typeof CATALOGUE;
export const GROUP_NAMES = Object.keys(CATALOGUE) as GroupName[];

function entries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record);
}

/** What a schema puts where nothing is given. */
function defaultsOf(shape: z.ZodRawShape): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(shape).flatMap(([key, schema]) => {
      const parsed = (schema as z.ZodType).safeParse(undefined);
      if (!parsed.success) return [[key, 'required']];
      return parsed.data === undefined ? [] : [[key, parsed.data]];
    }),
  );
}

/** A key's description begins with the names of those it is for: 'schedules step, plateau: …'. */
function optionsOf(shape: z.ZodRawShape, name: string): Record<string, unknown> {
  const own = Object.entries(shape).filter(([, schema]) => {
    const [names, meaning] = (schema as z.ZodType).description?.split(':') ?? [];
    return meaning !== undefined && names.split(/[ ,]+/).includes(name);
  });
  return defaultsOf(Object.fromEntries(own));
}

/** Throws UsageError naming the groups. */
export function groupName(name: string): GroupName {
  if (Object.hasOwn(CATALOGUE, name)) return name as GroupName;
  throw new UsageError(
    `list: expected ${GROUP_NAMES.join(', ')}, found "${name}"${closest(name, GROUP_NAMES)}`,
  );
}
