/** A configuration file, YAML or JSON, with the line of every key: errors say where they are. */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { closest } from '../../src/closest.js';
import { DataError, UsageError } from '../../src/errors.js';
import { CONFIG_KEYS } from '../../src/train/config.js';
import { checked, type Key } from './flags.js';

/** Throws DataError when the file cannot be read, UsageError when it cannot be meant. */
export function readConfigFile(file: string): Partial<Record<Key, unknown>> {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const line = (position = 0) => `${file}:${lines.linePos(position).line}`;
  const [error] = document.errors;
  if (error) throw new UsageError(`${line(error.pos[0])}: ${error.message.split('\n')[0]}`);
  if (document.contents === null) return {};
  if (!isMap(document.contents)) {
    throw new UsageError(`${file}: expected keys with their values, such as lr: 0.1`);
  }
  const values = new Map<Key, unknown>();
  for (const { key, value } of document.contents.items) {
    const where = line(isScalar(key) ? key.range?.[0] : 0);
    const name = String(isScalar(key) ? key.value : key);
    if (!(CONFIG_KEYS as readonly string[]).includes(name)) {
      throw new UsageError(`${where}: unknown config key '${name}'${closest(name, CONFIG_KEYS)}`);
    }
    const plain = document.createNode(value).toJS(document);
    values.set(name as Key, checked(name as Key, plain, `${where}: ${name}`));
  }
  return Object.fromEntries(values);
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
