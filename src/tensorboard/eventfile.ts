/** An event file of TensorBoard: records of events, each with a step and the time at which it was written. */
import { closeSync, existsSync, openSync, readdirSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../atomic.js';
import { encode, type MessageOf } from './messages.js';
import { recordOf } from './records.js';

/** A file that is open for writing. */
export interface EventFile {
  readonly path: string;
  readonly descriptor: number;
}

/** What a hyper-parameter may be in TensorBoard. */
export type HParamValue = number | string | boolean;

const PREFIX = 'events.out.tfevents.';
/** The version from which on TensorBoard heeds the start of a session. */
const VERSION = 'brain.Event:2';
const SESSION_START = 1;
const FLOAT = 1;
const STRING = 7;
const SUCCESS = 1;
const FAILURE = 2;

/**
 * Opens a new event file in a folder for a session that begins after `step` steps. TensorBoard then drops
 * what earlier files of the folder say of later steps, which are trained again.
 */
export function openEventFile(folder: string, step: number): EventFile {
  makeFolder(folder);
  const path = join(folder, fileName(folder));
  const file = { path, descriptor: openSync(path, 'ax') };
  append(file, { fileVersion: VERSION });
  append(file, { step: BigInt(step + 1), sessionLog: { status: SESSION_START } });
  return file;
}

export const closeEventFile = ({ descriptor }: EventFile): void => closeSync(descriptor);

/**
 * Names a file so that it comes after those of earlier sessions: TensorBoard reads a folder's files in the
 * order of their names, also where two sessions began in the same second.
 */
function fileName(folder: string): string {
  const earlier = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(PREFIX)) : [];
  const begun = earlier.map((name) => Number.parseInt(name.slice(PREFIX.length), 10)).filter(Number.isFinite);
  const seconds = Math.max(Math.floor(Date.now() / 1000), ...begun.map((second) => second + 1));
  const host = hostname().replace(/[^\w.-]/g, '_');
  return `${PREFIX}${String(seconds).padStart(10, '0')}.${host}.${process.pid}.0`;
}

function append({ descriptor }: EventFile, event: Omit<MessageOf<'Event'>, 'wallTime'>): void {
  writeSync(descriptor, recordOf(encode('Event', { wallTime: Date.now() / 1000, ...event })));
}

/** Writes numbers by their tags: tags that begin alike, such as loss/train and loss/val, are a group. */
export function appendScalars(file: EventFile, step: number, values: Readonly<Record<string, number>>): void {
  const value = Object.entries(values).map(([tag, simpleValue]) => ({ tag, simpleValue }));
  append(file, { step: BigInt(step), summary: { value } });
}

/** Writes which tags TensorBoard's custom scalars draw in one chart: for each title, a regular expression. */
export function appendCharts(file: EventFile, charts: Readonly<Record<string, string>>): void {
  const chart = Object.entries(charts).map(([title, tag]) => ({ title, multiline: { tag: [tag] } }));
  const content = encode('Layout', { version: 0, category: [{ title: 'training and validation', chart }] });
  const tensor = { dtype: STRING, shape: {}, stringVal: [content] };
  const metadata = { pluginData: { pluginName: 'custom_scalars' } };
  append(file, { step: 0n, summary: { value: [{ tag: 'custom_scalars__config__', tensor, metadata }] } });
}

/** Writes the hyper-parameters of a training, by which TensorBoard compares those of a sweep. */
export function appendHParams(
  file: EventFile,
  group: string,
  values: Readonly<Record<string, HParamValue>>,
): void {
  const hparams = Object.entries(values).map(([key, value]) => ({ key, value: hparamOf(value) }));
  const start = { hparams, groupName: group, startTime: Date.now() / 1000 };
  appendHParamsData(file, 'session_start_info', { version: 0, start });
}

/** Writes how a training with hyper-parameters has ended. */
export function appendHParamsEnd(file: EventFile, succeeded: boolean): void {
  const end = { status: succeeded ? SUCCESS : FAILURE, endTime: Date.now() / 1000 };
  appendHParamsData(file, 'session_end_info', { version: 0, end });
}

function appendHParamsData(file: EventFile, name: string, data: MessageOf<'HParams'>): void {
  const content = encode('HParams', data);
  const tensor = { dtype: FLOAT, shape: { dim: [{ size: 0n }] } };
  const metadata = { pluginData: { pluginName: 'hparams', content } };
  append(file, { step: 0n, summary: { value: [{ tag: `_hparams_/${name}`, tensor, metadata }] } });
}

function hparamOf(value: HParamValue): MessageOf<'HValue'> {
  if (typeof value === 'number') return { number: value };
  return typeof value === 'boolean' ? { bool: value } : { text: value };
}
