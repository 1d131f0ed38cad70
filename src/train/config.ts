/**
 * The configuration of a training: one flat, readonly object. It starts from the defaults, is overridden by
 * what the user gives, and is then validated as a whole. --print-config prints it, every run stores it, and
 * `gradpool train -c` on the stored file repeats the run.
 */
import { z } from 'zod';
import type { LoadOptions } from '../data/load.js';
import { isFolded, partingConflict } from '../data/parting.js';
import { type DataSource, sourceName } from '../data/source.js';
import { UsageError } from '../errors.js';
import { unusedKeys } from '../hyperparameters.js';
import { describeIssue } from '../issues.js';
import { checkUpdate } from '../optim/options.js';
import { refuseNewer } from '../stored.js';
import { CHOICES, CONFIG_SHAPE, type ConfigInput } from './configkeys.js';
import { DEFAULT_EPOCHS } from './durationkeys.js';
import { type WithOwn, withOwnNames } from './own.js';
import type { PresetName } from './presets.js';
import { refitConflict } from './refit.js';
import { shareOf } from './shares.js';
import { UNTIL_EPOCHS } from './until.js';
import { choosePreset, type PresetFacts, presetValues } from './usepreset.js';

/** The version of config.yaml. */
export const CONFIG_VERSION = 1;

export const configSchema = z.strictObject(CONFIG_SHAPE);
/** A configuration with every default filled in and every value checked, as `resolveConfig` returns it. */
export type TrainConfig = Readonly<z.output<typeof configSchema>> & {
  readonly preset: PresetName;
  readonly audit: number;
};
/** A configuration in which nothing is left to the data. */
export type PlannedConfig = TrainConfig & { readonly epochs: number };
/**
 * A configuration as a user gives it: every key but `data` may be left out, and sources may be tables in
 * memory.
 */
export type TrainOptions = Omit<ConfigInput, keyof TrainSources | keyof WithOwn> & TrainSources & WithOwn;
/** The sources of a training: names of files and problems, queries, or data in memory. */
export interface TrainSources {
  readonly data: DataSource;
  readonly val?: ConfigInput['val'] | DataSource;
  readonly test?: ConfigInput['test'] | DataSource;
}
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
 * Fills in the values of the preset and the defaults, and checks every value and how they combine.
 *
 * @param given the options; `preset` is 'auto' unless given
 * @param facts what the preset needs to know of the data; until they are known, some values are 'auto'
 * @throws UsageError, which names the key and its value, for a value that is impossible and for a key that
 *   what was chosen does not use
 * @example
 * ```js
 * import { resolveConfig } from 'gradpool';
 *
 * const { preset, optimizer, batch, epochs, hidden } = resolveConfig({ data: 'iris', epochs: 3 });
 * console.log(preset, optimizer, batch, epochs, hidden); // → images sgd auto 3 [ 256, 128 ]
 * ```
 */
export function resolveConfig(given: TrainOptions, facts: PresetFacts | null = null): TrainConfig {
  refuseNewer(CONFIG_VERSION, given, 'configuration');
  // A program may pass on what it has read in a config.yaml, version and all.
  const { formatVersion, ...named } = {
    ...withOwnNames({ ...given, ...withoutRows(given, sourceName) }),
  } as ConfigInput & { readonly formatVersion?: number };
  parse(named);
  const preset = choosePreset(named.preset, given.data);
  const options: ConfigInput = { ...presetValues(preset, named, facts), ...definedOf(named), preset };
  const parsed = parse(options);
  const { val, test, audit, until, epochs } = parsed;
  const config = {
    ...parsed,
    preset,
    val: shareOf(val),
    audit: shareOf(audit) as number,
    ...(test === undefined ? {} : { test: shareOf(test) }),
    epochs: until && options.epochs === undefined ? UNTIL_EPOCHS : epochs,
  };
  if (config.patience === 'none') delete config.patience;
  if (
    config.layers &&
    (options.hidden ||
      options.activation ||
      options.dropout ||
      (options.numberEmbedding ?? 'none') !== 'none' ||
      (options.architecture ?? 'plain') !== 'plain')
  ) {
    throw new UsageError(
      'layers describes the whole network: leave out hidden, activation, dropout, numberEmbedding and architecture, or leave out layers',
    );
  }
  refuseUnused(config);
  checkUpdate(config);
  checkParts(config);
  const conflict = config.refit ? refitConflict(config) : null;
  if (conflict) throw new UsageError(`refit: cannot be combined with ${conflict}; leave out one of the two`);
  return config.layers ? config : { hidden: [256, 128], activation: 'relu', ...config };
}

function parse(options: ConfigInput): z.output<typeof configSchema> {
  const parsed = configSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new UsageError(describeIssue(parsed.error.issues[0], options, CONFIG_KEYS, 'config key'));
}

/** Throws UsageError for ways of parting the rows that exclude each other, or that a bag does not follow. */
function checkParts(config: z.output<typeof configSchema>): void {
  const conflict = partingConflict(config);
  if (conflict) throw new UsageError(conflict);
  if (config.stream && (config.bag > 1 || isFolded(config))) {
    throw new UsageError(
      `stream: the networks of ${config.bag > 1 ? 'a bag' : 'a cross-validation'} share their rows in memory; leave out stream, or train one network`,
    );
  }
  if (config.bag === 1) return;
  const key = (['cv', 'fold', 'group', 'time'] as const).find((name) => config[name] !== undefined);
  if (key === undefined) return;
  const why = isFolded(config)
    ? 'a cross-validation trains one network for each fold'
    : "the members' validation rows are drawn row by row";
  throw new UsageError(`bag ${config.bag}: ${why}; leave out bag or ${key}`);
}

/** Returns the values that are given; a key whose value is undefined is not. */
function definedOf(given: ConfigInput): ConfigInput {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ConfigInput;
}

/** Returns the configuration with a number of epochs: `auto` without a preset that decides is the default. */
export function withEpochs(config: TrainConfig): PlannedConfig {
  return { ...config, epochs: config.epochs === 'auto' ? DEFAULT_EPOCHS : config.epochs };
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
 * Resolves the configuration that a run has stored. A run stores the values that its preset gave, so no
 * preset applies again. Runs of 0.1.0 had no presets, kept the best epoch only with patience, and trained
 * with keys that nothing used; they must go on as they began, so here such keys are ignored.
 */
export function restoreConfig(stored: TrainOptions): PlannedConfig {
  const unused = CHOICES.flatMap((choice) => unusedKeys(choice, { ...stored }).map(({ key }) => key));
  const used = Object.entries(stored).filter(([key]) => !unused.includes(key));
  const options = Object.fromEntries(used) as unknown as TrainOptions;
  const keep = stored.patience === undefined ? 'last' : 'best';
  return withEpochs(resolveConfig({ keep, ...options, preset: 'none' }));
}
