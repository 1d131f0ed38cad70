import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isBuiltIn } from '../data/source.js';
import type { TrainConfig } from '../train/config.js';

/** The same configuration with its files by absolute paths, so that `resume` finds them from any folder. */
export function absoluteSources(config: TrainConfig): TrainConfig {
  const absolute = (source: string) =>
    !isBuiltIn(source) && (existsSync(source) || isPattern(source)) ? resolve(source) : source;
  return {
    ...config,
    data: absolute(config.data),
    ...(typeof config.val === 'string' && config.val !== 'auto' ? { val: absolute(config.val) } : {}),
    ...(typeof config.test === 'string' ? { test: absolute(config.test) } : {}),
    ...(config.nativeLibrary === undefined ? {} : { nativeLibrary: absolute(config.nativeLibrary) }),
  };
}

/** A glob, as opposed to a query with an asterisk in it. */
function isPattern(source: string): boolean {
  return /[*?[]/.test(source) && !/\s/.test(source);
}
