import { CONFIG_KEYS, resolveConfig, type TrainConfig } from '../../src/train/config.js';
import type { ConfigInput } from '../../src/train/configkeys.js';
import { presetValues, valuesByTask } from '../../src/train/usepreset.js';
import type { Settings } from '../config/settings.js';

type SourcedConfig = Readonly<Record<string, { readonly value: unknown; readonly from: string }>>;

/** Returns every key with its resolved value and its source; the value is null where there is none. */
export function sourcedConfig(options: ConfigInput, settings: Settings): SourcedConfig {
  const config = resolveConfig(options);
  const ofPreset = presetValues(config.preset, options, null);
  const byTask = valuesByTask(config.preset, options);
  const sourced = (key: keyof TrainConfig) => {
    const given = settings.get(key)?.from;
    if (given === undefined && byTask[key] !== undefined) {
      return { value: null, from: `preset ${config.preset}: ${byTask[key]}` };
    }
    const from = given ?? (key in ofPreset ? `preset ${config.preset}` : 'default');
    return { value: config[key] ?? null, from };
  };
  return Object.fromEntries(CONFIG_KEYS.map((key) => [key, sourced(key)]));
}

/** Writes the configuration as YAML with the sources as comments: it can be saved and given to `-c`. */
export function configText(config: SourcedConfig): string {
  const lines = Object.entries(config).map(([key, { value, from }]) =>
    value === null
      ? [`# ${key}:`, from === 'default' ? 'not set' : from]
      : [`${key}: ${scalar(value)}`, from],
  );
  const width = Math.min(40, Math.max(...lines.map(([text]) => text.length)));
  return lines.map(([text, from]) => `${text.padEnd(width)}  # ${from}`).join('\n');
}

/** Writes a value as JSON, which is YAML too; a plain word needs no quotes. */
function scalar(value: unknown): string {
  return typeof value === 'string' &&
    /^[a-z][\w./-]*$/i.test(value) &&
    !/^(true|false|null|yes|no|on|off)$/i.test(value)
    ? value
    : JSON.stringify(value);
}
