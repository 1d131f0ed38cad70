import { CONFIG_KEYS, resolveConfig, type TrainOptions } from '../../src/train/config.js';
import type { Settings } from '../config/settings.js';

type SourcedConfig = Readonly<Record<string, { readonly value: unknown; readonly from: string }>>;

/** Every key with its resolved value; null where it has none. */
export function sourcedConfig(options: TrainOptions, settings: Settings): SourcedConfig {
  const config = resolveConfig(options);
  return Object.fromEntries(
    CONFIG_KEYS.map((key) => [
      key,
      { value: config[key] ?? null, from: settings.get(key)?.from ?? 'default' },
    ]),
  );
}

/** YAML, and the sources as its comments: it can be saved and given to `-c`. */
export function configText(config: SourcedConfig): string {
  const lines = Object.entries(config).map(([key, { value, from }]) =>
    value === null ? [`# ${key}:`, 'not set'] : [`${key}: ${scalar(value)}`, from],
  );
  const width = Math.min(40, Math.max(...lines.map(([text]) => text.length)));
  return lines.map(([text, from]) => `${text.padEnd(width)}  # ${from}`).join('\n');
}

/** JSON is YAML; a plain word needs no quotes. */
function scalar(value: unknown): string {
  return typeof value === 'string' &&
    /^[a-z][\w./-]*$/i.test(value) &&
    !/^(true|false|null|yes|no|on|off)$/i.test(value)
    ? value
    : JSON.stringify(value);
}
