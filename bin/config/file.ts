/**
 * Reads configuration files, YAML or JSON, and keeps the line of every key, so that errors can say where they
 * are.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { didYouMean } from '../../src/didyoumean.js';
import { DataError, UsageError } from '../../src/errors.js';
import { CONFIG_KEYS } from '../../src/train/config.js';
import { checkVersion, VERSION_KEY } from '../../src/train/configfile.js';
import { checked, type Key } from './flags.js';

/** A key and its value, and the place to name in errors: 'config.yaml:3: lr'. */
interface FileSetting {
  readonly key: Key;
  readonly value: unknown;
  readonly where: string;
}

/**
 * Reads the keys of a file. Throws DataError when it cannot be read, UsageError when its content is
 * impossible.
 */
export function readConfigFile(file: string): FileSetting[] {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const line = (position = 0) => `${file}:${lines.linePos(position).line}`;
  const [error] = document.errors;
  if (error) throw new UsageError(`${line(error.pos[0])}: ${error.message.split('\n')[0]}`);
  if (document.contents === null) return [];
  if (!isMap(document.contents)) {
    throw new UsageError(`${file}: expected keys with their values, such as lr: 0.1`);
  }
  const settings = document.contents.items.flatMap(({ key, value }): FileSetting[] => {
    const where = line(isScalar(key) ? key.range?.[0] : 0);
    const name = String(isScalar(key) ? key.value : key);
    if (name === VERSION_KEY) {
      checkVersion(document.createNode(value).toJS(document), where);
      return [];
    }
    if (!(CONFIG_KEYS as readonly string[]).includes(name)) {
      throw new UsageError(`${where}: unknown config key '${name}'${didYouMean(name, CONFIG_KEYS)}`);
    }
    const plain = document.createNode(value).toJS(document);
    const place = `${where}: ${name}`;
    return [{ key: name as Key, value: checked(name as Key, plain, place), where: place }];
  });
  return [...withoutPreset(file, settings), ...settings];
}

/**
 * Returns the settings that the configuration of a run of 0.1.0 lacks: at that time there were no presets,
 * and only patience kept the best epoch.
 */
function withoutPreset(file: string, settings: readonly FileSetting[]): FileSetting[] {
  const has = (name: Key) => settings.some(({ key }) => key === name);
  if (has('preset') || !existsSync(join(dirname(file), 'run.json'))) return [];
  const where = `${file} (a run of an earlier version)`;
  return [
    { key: 'preset', value: 'none', where },
    { key: 'keep', value: has('patience') ? 'best' : 'last', where },
  ];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file; check the path' : `cannot be read (${code})`;
    throw new DataError(`${file}: ${why}`);
  }
}
