/**
 * The configuration of a training: one flat, readonly object. It starts from the defaults, is overridden by
 * what the user gives, and is then validated as a whole. --print-config prints it, every run stores it, and
 * `gradpool train -c` on the stored file repeats the run.
 */
import { z } from 'zod';
import type { LoadOptions } from '../data/load.js';
import { type DataSource, sourceName } from '../data/source.js';
import { UsageError } from '../errors.js';
import { unusedKeys } from '../hyperparameters.js';
import { describeIssue } from '../issues.js';
import { checkUpdate } from '../optim/options.js';
import { CHOICES, CONFIG_SHAPE, shareOf } from './configkeys.js';
import { UNTIL_EPOCHS } from './until.js';

export const configSchema = z.strictObject(CONFIG_SHAPE);
/** A configuration with every default filled in and every value checked, as `resolveConfig` returns it. */
export type TrainConfig = Readonly<z.output<typeof configSchema>>;
/**
 * A configuration as a user gives it: every key but `data` may be left out, and sources may be tables in
 * memory.
 */
export type TrainOptions = Omit<Options, keyof TrainSources> & TrainSources;
type Options = {
  readonly [Key in keyof Given]: Given[Key] extends (infer Item)[] | undefined
    ? readonly Item[] | undefined
    : Given[Key];
};
/** The sources of a training: names of files and problems, queries, or data in memory. */
export interface TrainSources {
  readonly data: DataSource;
  readonly val?: Given['val'] | DataSource;
  readonly test?: Given['test'] | DataSource;
}
type Given = z.input<typeof configSchema>;
export const CONFIG_KEYS = Object.keys(CONFIG_SHAPE) as (keyof TrainConfig)[];

const SOURCES = ['data', 'val', 'test'] as const;

/** Returns the sources that are tables in memory, each replaced by what `use` makes of it. */
function withoutRows<T>(options: TrainOptions, use: (rows: DataSource) => T): Record<string, T> {
  const inMemory = SOURCES.filter((key) => typeof options[key] === 'object');
  return Object.fromEntries(inMemory.map((key) => [key, use(options[key] as DataSource)]));
}

/** Returns what there is to load: the configuration, with the tables in memory in place of their names. */
export function withRows(config: TrainConfig, options: TrainOptions): LoadOptions {
  return { ...config, ...withoutRows(options, (rows) => rows) };
}

/**
 * Fills in the defaults, and checks every value and how they combine.
 *
 * @throws UsageError, which names the key and its value, for a value that is impossible and for a key that
 * what
 *   was chosen does not use
 * @example
 * ```js
 * import { resolveConfig } from 'gradpool';
 *
 * const { optimizer, batch, epochs, hidden } = resolveConfig({ data: 'iris', epochs: 3 });
 * console.log(optimizer, batch, epochs, hidden); // → sgd auto 3 [ 256, 128 ]
 * ```
 */
export function resolveConfig(given: TrainOptions): TrainConfig {
  const options = { ...given, ...withoutRows(given, sourceName) };
  const parsed = configSchema.safeParse(options);
  if (!parsed.success) {
    throw new UsageError(describeIssue(parsed.error.issues[0], options, CONFIG_KEYS, 'config key'));
  }
  const { val, test, until, epochs } = parsed.data;
  const config = {
    ...parsed.data,
    val: shareOf(val),
    ...(test === undefined ? {} : { test: shareOf(test) }),
    epochs: until && options.epochs === undefined ? UNTIL_EPOCHS : epochs,
  };
  if (config.layers && (options.hidden || options.activation)) {
    throw new UsageError(
      'layers describes the whole network: leave out hidden and activation, or leave out layers',
    );
  }
  refuseUnused(config);
  checkUpdate(config);
  return config.layers ? config : { hidden: [256, 128], activation: 'relu', ...config };
}

/**
 * Throws UsageError for a key that belongs to another optimizer, schedule, loss, averaging or init than the
 * one chosen. A key at its default changes nothing and is allowed, because the configuration of a run holds
 * all keys.
 */
export function refuseUnused(config: Readonly<Partial<TrainConfig>>): void {
  for (const choice of CHOICES) {
    const unused = unusedKeys(choice, config).find(({ isDefault }) => !isDefault);
    if (unused) throw new UsageError(`${unused.key}: ${unused.why}`);
  }
}

/**
 * Resolves the configuration that a run has stored. Earlier versions trained with keys that nothing used;
 * such a run must go on, so here they are ignored.
 */
export function restoreConfig(stored: TrainOptions): TrainConfig {
  const unused = CHOICES.flatMap((choice) => unusedKeys(choice, { ...stored }).map(({ key }) => key));
  const used = Object.entries(stored).filter(([key]) => !unused.includes(key));
  return resolveConfig(Object.fromEntries(used) as unknown as TrainOptions);
}
