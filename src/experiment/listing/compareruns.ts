/** Compares two runs: what differs in their configurations, and their metrics side by side. */
import { readRun } from '../../run/folder.js';
import type { PlannedConfig } from '../../train/config.js';
import { EFFECTLESS } from '../../train/runkeys.js';
import { axisValueText } from '../searches/space.js';

/** What differs between two runs. */
export interface RunComparison {
  readonly runs: readonly [string, string];
  readonly status: readonly [string, string];
  /** The keys of the configuration that differ, with both values. */
  readonly config: Readonly<Record<string, readonly [unknown, unknown]>>;
  /** The metrics of both, by the names of scores: val_loss, test_accuracy, …; null where one lacks it. */
  readonly metrics: Readonly<Record<string, readonly [number | null, number | null]>>;
  /** Whether the final weights are the same, bit for bit; null while one run has none. */
  readonly sameWeights: boolean | null;
}

/** Keys that change no bit of a result. */
const IRRELEVANT: readonly string[] = [...EFFECTLESS, 'preset'];

/**
 * Compares two runs or trials.
 * @throws DataError where a folder is not a run's
 */
export function compareRuns(a: string, b: string): RunComparison {
  const [one, other] = [readRun(a), readRun(b)];
  const keys = [...new Set([...Object.keys(one.config), ...Object.keys(other.config)])];
  const value = (config: PlannedConfig, key: string): unknown => config[key as keyof PlannedConfig] ?? null;
  const differing = keys.filter(
    (key) =>
      !IRRELEVANT.includes(key) &&
      axisValueText(value(one.config, key)) !== axisValueText(value(other.config, key)),
  );
  const results = [one.record.result, other.record.result];
  const names = (['train', 'val', 'test'] as const).flatMap((part) =>
    [...new Set(results.flatMap((result) => Object.keys(result?.[part] ?? {})))].map(
      (name) => [part, name] as const,
    ),
  );
  const metric = (index: number, part: 'train' | 'val' | 'test', name: string): number | null =>
    (results[index]?.[part] as Record<string, number> | null | undefined)?.[name] ?? null;
  return {
    runs: [a, b],
    status: [one.record.status, other.record.status],
    config: Object.fromEntries(
      differing.map((key) => [key, [value(one.config, key), value(other.config, key)]]),
    ),
    metrics: Object.fromEntries(
      names.map(([part, name]) => [`${part}_${name}`, [metric(0, part, name), metric(1, part, name)]]),
    ),
    sameWeights: results[0] && results[1] ? results[0].weightsSha256 === results[1].weightsSha256 : null,
  };
}
