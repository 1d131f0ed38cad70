/**
 * Reads the axes of a sweep from flags: --grid lr=0.1,0.03, --range lr=0.001..0.1,log and
 * --when momentum:optimizer=sgd.
 */
import { didYouMean } from '../../src/didyoumean.js';
import { UsageError } from '../../src/errors.js';
import type { Axis, AxisValue, Condition, RangeAxis } from '../../src/experiment/searches/axes.js';
import { checkPath } from '../../src/experiment/searches/paths.js';
import { CONFIG_KEYS } from '../../src/train/config.js';
import { numberIn } from '../readers.js';
import { type Key, readKey, takesList } from './flags.js';

type Axes = Record<string, readonly AxisValue[] | RangeAxis>;

/** Parts KEY=TEXT, and checks the key. */
function parted(text: string, where: string, example: string): [path: string, rest: string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError(`${where}: expected KEY=VALUES, such as ${example}, found "${text}"`);
  const path = text.slice(0, equals);
  // A flag is written with dashes, and so may be its axis.
  const camel = path.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  checkPath(camel);
  return [camel, text.slice(equals + 1)];
}

/** Reads --grid: commas part the values, and a plus the parts of a value that is a list. */
export async function readGrids(texts: readonly string[], where: string): Promise<Axes> {
  const axes: Axes = {};
  for (const text of texts) {
    const [path, rest] = parted(text, where, 'lr=0.1,0.03');
    refuseTwice(axes, path, where);
    if (rest === '') throw new UsageError(`${where} ${path}: has no values; give some, such as ${path}=A,B`);
    const values: AxisValue[] = [];
    for (const value of rest.split(',')) values.push(await readValue(path, value, `${where} ${path}`));
    axes[path] = values;
  }
  return axes;
}

/** Reads one value of a key; what stands below a key is read as YAML reads it. */
async function readValue(path: string, text: string, where: string): Promise<AxisValue> {
  if (!(CONFIG_KEYS as readonly string[]).includes(path)) {
    const { parse } = await import('yaml');
    return parse(text) as AxisValue;
  }
  const key = path as Key;
  return (await readKey(key, [takesList(key) ? text.replaceAll('+', ',') : text], where)) as AxisValue;
}

const RANGE = /^(.+?)\.\.([^,]+)((?:,(?:log|integer|points=\d+))*)$/;

/** Reads --range: FROM..TO, then log, integer and points=N as they are wanted. */
export async function readRanges(texts: readonly string[], where: string): Promise<Axes> {
  const axes: Axes = {};
  for (const text of texts) {
    const [path, rest] = parted(text, where, 'lr=0.001..0.1,log');
    refuseTwice(axes, path, where);
    const [, from = '', to = '', words = ''] = RANGE.exec(rest) ?? [];
    const ends = [numberIn(from), numberIn(to)];
    if (ends[0] === null || ends[1] === null) {
      throw new UsageError(
        `${where} ${path}: expected FROM..TO, then ,log ,integer or ,points=5 where wanted, found "${rest}"`,
      );
    }
    const points = /points=(\d+)/.exec(words)?.[1];
    axes[path] = {
      from: ends[0],
      to: ends[1],
      ...(words.includes('log') ? { scale: 'log' as const } : {}),
      ...(words.includes('integer') ? { integer: true } : {}),
      ...(points === undefined ? {} : { points: Number(points) }),
    };
  }
  return axes;
}

function refuseTwice(axes: Axes, path: string, where: string): void {
  if (path in axes) throw new UsageError(`${where} ${path}: is given twice; put all of its values into one`);
}

/** The conditions of axes by their paths. */
export type Conditions = Readonly<Record<string, Condition>>;

/** Reads --when: AXIS:KEY=VALUE, with commas between values under each of which the axis applies. */
export async function readConditions(texts: readonly string[], where: string): Promise<Conditions> {
  const conditions: Record<string, Record<string, readonly AxisValue[]>> = {};
  for (const text of texts) {
    const colon = text.indexOf(':');
    if (colon < 1) {
      throw new UsageError(
        `${where}: expected AXIS:KEY=VALUE, such as momentum:optimizer=sgd, found "${text}"`,
      );
    }
    const [axis] = parted(`${text.slice(0, colon)}=`, where, 'momentum:optimizer=sgd');
    const [key, rest] = parted(text.slice(colon + 1), where, 'momentum:optimizer=sgd');
    const values: AxisValue[] = [];
    for (const value of rest.split(',')) values.push(await readValue(key, value, `${where} ${key}`));
    conditions[axis] = { ...conditions[axis], [key]: values };
  }
  return conditions;
}

/**
 * Returns axes with their conditions. Those with a condition stand last, because an axis may only depend on
 * axes above it, and flags may be given in any order.
 */
export function withConditions(
  axes: Readonly<Record<string, Axis>>,
  conditions: Conditions,
): Record<string, Axis> {
  const lost = Object.keys(conditions).find((path) => !(path in axes));
  if (lost !== undefined) {
    throw new UsageError(
      `--when ${lost}: is no axis${didYouMean(lost, Object.keys(axes))}; give it with --grid or --range`,
    );
  }
  const entries = Object.entries(axes).map(([path, axis]): [string, Axis] => {
    const when = conditions[path];
    if (when === undefined) return [path, axis];
    return [path, Array.isArray(axis) ? { values: axis, when } : { ...(axis as RangeAxis), when }];
  });
  const free = entries.filter(([path]) => conditions[path] === undefined);
  return Object.fromEntries([...free, ...entries.filter(([path]) => conditions[path] !== undefined)]);
}
