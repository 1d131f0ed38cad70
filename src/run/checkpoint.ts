/** Checkpoints: everything from which training goes on to the same bits, in one checksummed file written atomically. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { writeFileAtomicLater } from '../atomic.js';
import { DataError } from '../errors.js';
import { bytesOf, decodeSafetensors, safetensorsHeader } from '../model/safetensors.js';
import type { TrainState } from '../train/state.js';

export interface Checkpoint {
  readonly state: TrainState;
  /** SHA-256 of the training data: going on with other data would be another run */
  readonly dataset: string;
  readonly weights: Float32Array;
  readonly slots: readonly Float32Array[];
}

const FORMAT = 'gradpool.checkpoint';
const VERSION = '1';

/** JSON has null for a number that is not finite: earlier versions went on with such metrics, and their runs still resume. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const metrics = z.strictObject({
  loss: measured,
  accuracy: measured.optional(),
  rmse: measured.optional(),
});
const stateSchema = z.strictObject({
  step: z.number().int().min(0),
  epochLoss: measured,
  /** left out by checkpoints from before there was one: without weights it is `epochRows` */
  epochWeight: z.number().optional(),
  epochScore: measured,
  epochRows: z.number(),
  train: metrics.nullable(),
  lossBefore: z.number().nullable(),
  val: metrics.nullable(),
  best: z.strictObject({ epoch: z.number(), train: metrics, val: metrics.nullable() }).nullable(),
  plateau: z.strictObject({ factor: z.number(), best: z.number().nullable(), waited: z.number() }),
  samples: z.number(),
  seconds: z.number(),
});

/** Its own copy of everything, which training does not touch as it goes on. */
export function copyCheckpoint({ state, dataset, weights, slots }: Checkpoint): Checkpoint {
  return {
    state: structuredClone(state),
    dataset,
    weights: weights.slice(),
    slots: slots.map((slot) => slot.slice()),
  };
}

/** Writes while training goes on: nothing may change the checkpoint until then. */
export async function writeCheckpoint(
  file: string,
  { state, dataset, weights, slots }: Checkpoint,
): Promise<void> {
  const tensors = [weights, ...slots].map((data, index) => ({
    name: index === 0 ? 'weights' : `slot.${index - 1}`,
    shape: [data.length],
    data,
  }));
  const header = safetensorsHeader(tensors, {
    format: FORMAT,
    version: VERSION,
    state: JSON.stringify(state),
    dataset,
    sha256: await digestLater([weights, ...slots]),
  });
  await writeFileAtomicLater(file, [header, ...tensors.map(({ data }) => bytesOf(data))]);
}

/** Throws DataError when the file is missing, damaged, or of another version or network. */
export function readCheckpoint(file: string, length: number, slots: number): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(readBytes(file), file);
  if (metadata.format !== FORMAT || metadata.version !== VERSION) {
    throw new DataError(
      `${file}: not a checkpoint of this gradpool (format ${metadata.format} ${metadata.version})`,
    );
  }
  const names = ['weights', ...Array.from({ length: slots }, (_, index) => `slot.${index}`)];
  const arrays = names.map((name) => {
    const tensor = tensors.get(name);
    if (!(tensor?.data instanceof Float32Array) || tensor.data.length !== length) {
      throw new DataError(`${file}: ${name} does not fit the run's configuration; was config.yaml changed?`);
    }
    return tensor.data;
  });
  if (digest(arrays) !== metadata.sha256)
    throw new DataError(`${file}: damaged (the checksum does not match)`);
  const state = stateSchema.safeParse(JSON.parse(metadata.state));
  if (!state.success) throw new DataError(`${file}: damaged (its state is not that of a training)`);
  return {
    state: { ...state.data, epochWeight: state.data.epochWeight ?? state.data.epochRows } as TrainState,
    dataset: metadata.dataset,
    weights: arrays[0],
    slots: arrays.slice(1),
  };
}

function digest(arrays: readonly Float32Array[]): string {
  const hash = createHash('sha256');
  for (const array of arrays) hash.update(bytesOf(array));
  return hash.digest('hex');
}

/** Bytes that are hashed at a time, in less than a millisecond. */
const PIECE = 2 ** 20;

/** The same, in between what else the event loop has to do. */
async function digestLater(arrays: readonly Float32Array[]): Promise<string> {
  const hash = createHash('sha256');
  for (const bytes of arrays.map(bytesOf)) {
    for (let at = 0; at < bytes.length; at += PIECE) {
      await nextTurn();
      hash.update(bytes.subarray(at, at + PIECE));
    }
  }
  return hash.digest('hex');
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new DataError(`${file}: cannot read the checkpoint (${(error as NodeJS.ErrnoException).code})`);
  }
}
