/** Reads event files with a decoder of the tests' own, which checks every length and checksum. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, type Message } from '@bufbuild/protobuf';
import { descriptorOf, type MessageOf } from '#src/tensorboard/messages.js';
import { maskedChecksum } from '#src/tensorboard/records.js';

/** Returns the data of the records of a file. Throws where a length or a checksum is wrong. */
export function recordsIn(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const check = (from: number, size: number, where: number) => {
      if (maskedChecksum(bytes.subarray(from, from + size)) !== view.getUint32(where, true)) {
        throw new Error(`byte ${where}: the checksum does not match`);
      }
    };
    check(at, 8, at + 8);
    check(at + 12, length, at + 12 + length);
    records.push(bytes.subarray(at + 12, at + 12 + length));
    at += 16 + length;
  }
  return records;
}

export const decode = <N extends Parameters<typeof descriptorOf>[0]>(name: N, bytes: Uint8Array) =>
  fromBinary(descriptorOf(name), bytes) as Message as unknown as MessageOf<N>;

/** What a run's folder of event files says, as TensorBoard puts it together. */
export interface ReadRun {
  fileVersion: number;
  readonly scalars: Record<string, [number, number][]>;
  charts: Record<string, string[]> | null;
  readonly hparams: Record<string, unknown>;
}

/** Reads the event files of a folder in the order of their names, and heeds the starts of sessions. */
export function readEventFiles(folder: string): ReadRun {
  const run: ReadRun = { fileVersion: 0, scalars: {}, charts: null, hparams: {} };
  const files = readdirSync(folder).filter((name) => name.startsWith('events.out.tfevents.'));
  for (const file of files.sort()) {
    for (const record of recordsIn(readFileSync(join(folder, file)))) take(run, decode('Event', record));
  }
  return run;
}

function take(run: ReadRun, event: MessageOf<'Event'>): void {
  const step = Number(event.step ?? 0);
  if (event.fileVersion) run.fileVersion = Number(event.fileVersion.replace('brain.Event:', ''));
  if (event.sessionLog?.status === 1) {
    for (const [tag, pairs] of Object.entries(run.scalars)) {
      run.scalars[tag] = pairs.filter(([earlier]) => earlier < step);
    }
  }
  for (const { tag = '', simpleValue, tensor, metadata } of event.summary?.value ?? []) {
    const { pluginName, content } = metadata?.pluginData ?? {};
    if (pluginName === 'custom_scalars') {
      const { category = [] } = decode('Layout', tensor!.stringVal![0]);
      const charts = category.flatMap(({ chart = [] }) => chart);
      run.charts = Object.fromEntries(charts.map(({ title, multiline }) => [title, [...multiline!.tag!]]));
    } else if (pluginName === 'hparams') {
      const { start, end } = decode('HParams', content!);
      if (start) {
        run.hparams.group = start.groupName;
        run.hparams.started = start.startTime! > 1.6e9;
        run.hparams.values = Object.fromEntries(
          start.hparams!.map(({ key, value }) => [
            key,
            [value?.number, value?.text, value?.bool].find((given, i) => given !== [0, '', false][i]),
          ]),
        );
      }
      if (end) run.hparams.status = end.status;
    } else {
      run.scalars[tag] ??= [];
      run.scalars[tag].push([step, Number(simpleValue!.toFixed(7))]);
    }
  }
}
