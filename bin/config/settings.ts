/**
 * Where each value of the configuration comes from: a flag beats the environment beats the file beats the
 * default.
 */
import { closest } from '../../src/closest.js';
import { UsageError } from '../../src/errors.js';
import { CONFIG_KEYS, type TrainOptions } from '../../src/train/config.js';
import type { Args } from '../command.js';
import { type Key, kebab, readKey, variable } from './flags.js';

export interface Setting {
  readonly value: unknown;
  /** '--lr', 'GRADPOOL_LR', 'config.yaml' */
  readonly from: string;
}
export type Settings = ReadonlyMap<Key, Setting>;

/** Throws UsageError naming flag, variable or line, and DataError when the file cannot be read. */
export async function readSettings(
  args: Args & { readonly config: string | undefined },
  environment: NodeJS.ProcessEnv,
): Promise<Settings> {
  const file = args.config === undefined ? [] : await fromFile(args.config);
  const layers = [file, await fromEnvironment(environment), fromFlags(args)];
  const settings = new Map<Key, Setting>();
  for (const layer of layers) {
    const given = new Set(layer.map(([key]) => key));
    if (given.has('layers')) forget(settings, ['hidden', 'activation']);
    if (given.has('hidden') || given.has('activation')) forget(settings, ['layers']);
    for (const [key, setting] of layer) settings.set(key, setting);
  }
  return settings;
}

/** A command line names its sources; tables in memory are for the library. */
export type NamedOptions = TrainOptions & { readonly data: string };

export function optionsOf(settings: Settings): NamedOptions {
  if (!settings.has('data')) {
    throw new UsageError(
      "train: which data? a table, a folder of IDX or NPY files, a query or 'mnist', as in: gradpool train mnist",
    );
  }
  if (settings.get('data')!.value === '-') {
    throw new UsageError(
      '-: standard input can be read once, and a run must be resumable: save the data to a file and give that',
    );
  }
  return Object.fromEntries(
    Array.from(settings, ([key, { value }]) => [key, value]),
  ) as unknown as NamedOptions;
}

type Layer = [Key, Setting][];

/** A stronger source describes the network in its own way: what weaker ones said of it is void. */
function forget(settings: Map<Key, Setting>, keys: readonly Key[]): void {
  for (const key of keys) settings.delete(key);
}

async function fromFile(file: string): Promise<Layer> {
  const { readConfigFile } = await import('./file.js');
  const values = Object.entries(readConfigFile(file)) as [Key, unknown][];
  return values.map(([key, value]) => [key, { value, from: file }]);
}

async function fromEnvironment(environment: NodeJS.ProcessEnv): Promise<Layer> {
  const keys = new Map(CONFIG_KEYS.map((key) => [variable(key), key]));
  const layer: Layer = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('GRADPOOL_') || !text) continue;
    const key = keys.get(name);
    if (key === undefined) {
      const near = closest(
        name.toLowerCase(),
        Array.from(keys.keys(), (known) => known.toLowerCase()),
      );
      throw new UsageError(
        `unknown environment variable ${name}${near.replace(/'.*'/, (known) => known.toUpperCase())}`,
      );
    }
    layer.push([key, { value: await readKey(key, [text], name), from: name }]);
  }
  return layer;
}

function fromFlags(args: Args): Layer {
  return CONFIG_KEYS.flatMap((key): Layer => {
    const name = kebab(key);
    if (args[`no-${name}`]) return [[key, { value: false, from: `--no-${name}` }]];
    if (args[name] === undefined) return [];
    return [[key, { value: args[name], from: key === 'data' ? 'DATA' : `--${name}` }]];
  });
}
