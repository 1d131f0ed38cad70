/**
 * Checkpoints hold all that training needs to go on to the same bits, in one file with a checksum, written
 * atomically.
 */
import { createHash, type Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeFileAtomicLater } from '../atomic.js';
import { DataError } from '../errors.js';
import { bytesOf, decodeSafetensors, type Metadata, safetensorsHeader } from '../model/safetensors.js';
import { readRegular } from '../regular.js';
import { type TrainState, trainStateSchema } from '../train/state.js';
import { type Origin, originSchema } from './belonging.js';

/** All that a training needs to go on: its state, the weights and the optimiser's slots. */
export interface Checkpoint {
  readonly state: TrainState;
  /** What it belongs to; null in a file of a version before 0.2. */
  readonly origin: Origin | null;
  readonly weights: Float32Array;
  readonly slots: readonly Float32Array[];
}

const FORMAT = 'gradpool.checkpoint';
/** Files of version 1 have a checksum of their arrays alone, and do not say what they belong to. */
const VERSION = '2';
const OLDER = '1';

/** Copies a checkpoint, so that training may go on while the copy is written. */
export function copyCheckpoint({ state, origin, weights, slots }: Checkpoint): Checkpoint {
  return {
    state: structuredClone(state),
    origin,
    weights: weights.slice(),
    slots: slots.map((slot) => slot.slice()),
  };
}

/** Writes a checkpoint in the background. Nothing may change its arrays until the promise resolves. */
export async function writeCheckpoint(
  file: string,
  { state, origin, weights, slots }: Checkpoint,
): Promise<void> {
  const tensors = [weights, ...slots].map((data, index) => ({
    name: index === 0 ? 'weights' : `slot.${index - 1}`,
    shape: [data.length],
    data,
  }));
  const metadata = {
    format: FORMAT,
    version: VERSION,
    state: JSON.stringify(state),
    origin: JSON.stringify(origin),
  };
  const sha256 = await digestInBackground(metadata, [weights, ...slots]);
  const header = safetensorsHeader(tensors, { ...metadata, sha256 });
  await writeFileAtomicLater(file, [header, ...tensors.map(({ data }) => bytesOf(data))]);
}

/**
 * Reads a checkpoint of a network with `length` parameters and an optimiser with `slots` slots.
 * @throws DataError when the file is missing, damaged, or of another version or network
 */
export function readCheckpoint(file: string, length: number, slots: number): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(readBytes(file), file);
  const { sha256, ...stated } = metadata;
  if (stated.format !== FORMAT || (stated.version !== VERSION && stated.version !== OLDER)) {
    throw new DataError(
      `${file}: not a checkpoint of this gradpool (format ${stated.format} ${stated.version})`,
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
  if (digest(stated, arrays) !== sha256)
    throw new DataError(`${file}: damaged (the checksum does not match)`);
  const state = trainStateSchema.safeParse(json(stated.state));
  if (!state.success) throw new DataError(`${file}: damaged (its state is not that of a training)`);
  const origin = originSchema.nullable().safeParse(stated.version === OLDER ? null : json(stated.origin));
  if (!origin.success) throw new DataError(`${file}: damaged (it does not say what it belongs to)`);
  return {
    state: state.data,
    origin: origin.data,
    weights: arrays[0],
    slots: arrays.slice(1),
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Begins the digest of a checkpoint: that of what it states, where its version has that under it. */
function beginDigest(stated: Metadata): Hash {
  const hash = createHash('sha256');
  if (stated.version !== OLDER) hash.update(JSON.stringify(stated));
  return hash;
}

function digest(stated: Metadata, arrays: readonly Float32Array[]): string {
  const hash = beginDigest(stated);
  for (const array of arrays) hash.update(bytesOf(array));
  return hash.digest('hex');
}

/** Bytes that are hashed between two turns of the event loop; hashing them takes less than a millisecond. */
const PIECE = 2 ** 20;

/** Computes the digest piece by piece and lets the event loop turn in between. */
async function digestInBackground(stated: Metadata, arrays: readonly Float32Array[]): Promise<string> {
  const hash = beginDigest(stated);
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
    return readRegular(file);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${file}: cannot read the checkpoint (${(error as NodeJS.ErrnoException).code})`);
  }
}
