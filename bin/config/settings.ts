/**
 * Collects the configuration from its sources: a flag beats the environment, which beats the file, which
 * beats the preset, which beats the default.
 */
import { didYouMean } from '../../src/didyoumean.js';
import { UsageError } from '../../src/errors.js';
import { type Choice, unusedKeys, valueText } from '../../src/hyperparameters.js';
import { CONFIG_KEYS } from '../../src/train/config.js';
import { CHOICES, type ConfigInput, WITHOUT_LAYERS } from '../../src/train/configkeys.js';
import { choosePreset, presetValues } from '../../src/train/usepreset.js';
import type { Args } from '../command.js';
import { exampleFile } from '../examples.js';
import { printNotes } from '../render/output.js';
import { environmentVariable, type Key, kebab, readKey } from './flags.js';

/** A value that was given, with its source. */
interface Setting {
  readonly value: unknown;
  /** The source for --print-config: '--lr', 'GRADPOOL_LR', 'config.yaml'. */
  readonly from: string;
  /** The place for errors: '--lr', 'GRADPOOL_LR', 'config.yaml:3: lr'. */
  readonly where: string;
  /** Whether it stands in a file, which may be the stored configuration of a run and so hold every key. */
  readonly inFile?: true;
}
export type Settings = ReadonlyMap<Key, Setting>;

/**
 * Collects what file, environment and flags say. Throws UsageError, which names flag, variable or line, for a
 * value that is impossible or a key that what was chosen does not use; throws DataError when the file cannot
 * be read.
 */
export async function readSettings(
  args: Args & { readonly config: string | undefined },
  environment: NodeJS.ProcessEnv,
): Promise<Settings> {
  const file = args.config === undefined ? [] : await fromFile(exampleFile(args.config));
  const fromWeakest = [file, await fromEnvironment(environment), fromFlags(args)];
  const usual = usualChoices(new Map(fromWeakest.flat()));
  const settings = new Map<Key, Setting>();
  for (const source of fromWeakest) {
    const given = new Set(source.map(([key]) => key));
    if (given.has('layers')) forget(settings, WITHOUT_LAYERS);
    if (WITHOUT_LAYERS.some((key) => given.has(key))) forget(settings, ['layers']);
    const dropped = usual.flatMap((choice) => dropUnused(settings, choice, new Map(source)));
    if (!args.quiet) printNotes(dropped);
    for (const [key, setting] of source) settings.set(key, setting);
  }
  refuseUnused(settings, usual);
  const library = settings.get('nativeLibrary');
  if (library?.inFile) {
    const { refuseNamedLibrary } = await import('../../src/kernels/native/index.js');
    refuseNamedLibrary(library.value, library.where);
  }
  return settings;
}

/** Returns the choices, each with what the preset for these data chooses as its default. */
function usualChoices(given: Settings): Choice[] {
  const { data, preset } = valuesOf(given) as Partial<ConfigInput>;
  if (data === undefined || data === '-') return [...CHOICES];
  const values: Record<string, unknown> = presetValues(choosePreset(preset, data), { data }, null);
  return CHOICES.map((choice) => ({ ...choice, default: String(values[choice.key] ?? choice.default) }));
}

/**
 * Drops what weaker sources say of another optimizer (or schedule, loss, …) than the one that `stronger`
 * chooses: `-c sgd.yaml --optimizer adam` leaves sgd's momentum behind. Returns a note for each value that
 * was not a default.
 */
function dropUnused(settings: Map<Key, Setting>, choice: Choice, stronger: Settings): string[] {
  const key = choice.key as Key;
  const chosen = stronger.get(key);
  const before = settings.get(key)?.value ?? choice.default;
  if (chosen === undefined || chosen.value === before) return [];
  const unused = unusedKeys(choice, { ...valuesOf(settings), [key]: chosen.value });
  return unused.flatMap(({ key, isDefault }) => {
    const { value, where } = settings.get(key as Key)!;
    settings.delete(key as Key);
    const text = `${where} ${valueText(value)} is left out: ${choice.key} ${chosen.value} does not use it`;
    return isDefault ? [] : [text];
  });
}

/**
 * Throws UsageError for a key that what was chosen does not use; a file may hold such a key at its default.
 */
function refuseUnused(settings: Settings, choices: readonly Choice[]): void {
  const values = valuesOf(settings);
  for (const { key, isDefault, why } of choices.flatMap((choice) => unusedKeys(choice, values))) {
    const { where, inFile } = settings.get(key as Key)!;
    if (!(isDefault && inFile)) throw new UsageError(`${where}: ${why}`);
  }
}

function valuesOf(settings: Settings): Record<string, unknown> {
  return Object.fromEntries(Array.from(settings, ([key, { value }]) => [key, value]));
}

/** Returns the options of a command that trains. Throws UsageError without data that can be read again. */
export function optionsOf(command: 'train' | 'find-lr' | 'sweep', settings: Settings): ConfigInput {
  if (!settings.has('data')) {
    throw new UsageError(
      `${command}: which data? a table, a folder of IDX or NPY files, a query or 'mnist', as in: gradpool ${command} mnist`,
    );
  }
  if (settings.get('data')!.value === '-') {
    throw new UsageError(
      '-: standard input can be read once, and a run must be resumable: save the data to a file and give that',
    );
  }
  return valuesOf(settings) as unknown as ConfigInput;
}

/** The settings of one source: the file, the environment or the flags. */
type SourceSettings = [Key, Setting][];

/** Drops what weaker sources say of the network, where a stronger one describes it in another way. */
function forget(settings: Map<Key, Setting>, keys: readonly Key[]): void {
  for (const key of keys) settings.delete(key);
}

async function fromFile(file: string): Promise<SourceSettings> {
  const { readConfigFile } = await import('./file.js');
  return readConfigFile(file).map(({ key, value, where }) => [
    key,
    { value, from: file, where, inFile: true },
  ]);
}

async function fromEnvironment(environment: NodeJS.ProcessEnv): Promise<SourceSettings> {
  const keys = new Map(CONFIG_KEYS.map((key) => [environmentVariable(key), key]));
  const found: SourceSettings = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('GRADPOOL_') || !text) continue;
    const key = keys.get(name);
    if (key === undefined) {
      throw new UsageError(`unknown environment variable ${name}${didYouMean(name, [...keys.keys()])}`);
    }
    found.push([key, { value: await readKey(key, [text], name), from: name, where: name }]);
  }
  return found;
}

function fromFlags(args: Args): SourceSettings {
  return CONFIG_KEYS.flatMap((key): SourceSettings => {
    const name = key === 'data' ? 'DATA' : `--${kebab(key)}`;
    const off = `--no-${kebab(key)}`;
    const given = args[kebab(key)];
    if (args[off.slice(2)]) return [[key, { value: false, from: off, where: off }]];
    return given === undefined ? [] : [[key, { value: given, from: name, where: name }]];
  });
}
