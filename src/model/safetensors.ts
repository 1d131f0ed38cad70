/**
 * The safetensors format (https://huggingface.co/docs/safetensors): the header's length as a little-endian
 * uint64, the header as JSON, then the bytes of one tensor after the other. It holds data only, so reading a
 * file executes nothing. Values are little-endian, as is the memory of every machine on which WebAssembly
 * shares memory with typed arrays.
 */
import { z } from 'zod';
import { DataError } from '../errors.js';

const ARRAYS = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U32: Uint32Array } as const;

type TensorType = keyof typeof ARRAYS;
type StoredData = Float32Array | Float64Array | Int32Array | Uint32Array;

export interface FileTensor {
  readonly dtype: TensorType;
  readonly shape: readonly number[];
  /** row-major */
  readonly data: StoredData;
}

export type NamedTensor = { readonly name: string } & Pick<FileTensor, 'shape' | 'data'>;
export type Metadata = Readonly<Record<string, string>>;

const LENGTH_BYTES = 8;
/** The header is padded with spaces to a multiple of this, so that the tensors after it are aligned. */
const ALIGNMENT = 8;
/** The largest header that the format's own library accepts. */
const MAX_HEADER = 100_000_000;
const SPACE = 0x20;

/** Encodes a whole file. */
export function encodeSafetensors(tensors: readonly NamedTensor[], metadata: Metadata): Uint8Array {
  const parts = [safetensorsHeader(tensors, metadata), ...tensors.map(({ data }) => bytesOf(data))];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Encodes what comes before the tensors' bytes: the header's length and the header, padded. */
export function safetensorsHeader(tensors: readonly NamedTensor[], metadata: Metadata): Uint8Array {
  let end = 0;
  const entries = tensors.map(({ name, shape, data }) => {
    const begin = end;
    end += data.byteLength;
    return [name, { dtype: typeOf(data), shape, data_offsets: [begin, end] }];
  });
  const header = { __metadata__: metadata, ...Object.fromEntries(entries) };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = LENGTH_BYTES + Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;

  const bytes = new Uint8Array(start).fill(SPACE, LENGTH_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - LENGTH_BYTES), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}

export function bytesOf({ buffer, byteOffset, byteLength }: StoredData): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function typeOf(data: StoredData): TensorType {
  return (Object.keys(ARRAYS) as TensorType[]).find((type) => data instanceof ARRAYS[type])!;
}

const whole = z.number().int().min(0);
const tensorSchema = z.strictObject({
  dtype: z.enum(Object.keys(ARRAYS) as TensorType[]),
  shape: z.array(whole),
  data_offsets: z.tuple([whole, whole]),
});
const headerSchema = z
  .object({ __metadata__: z.record(z.string(), z.string()).default({}) })
  .catchall(tensorSchema);

/**
 * Decodes a file that may come from anybody. Every byte must belong to the header or to exactly one tensor,
 * and all lengths must agree.
 * @throws DataError naming `file` and what is wrong with it
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  file: string,
): { tensors: Map<string, FileTensor>; metadata: Metadata } {
  const refuse = (fault: string): never => {
    throw new DataError(`${file}: not a sound safetensors file: ${fault}`);
  };
  const { __metadata__: metadata, ...entries } = parseHeader(bytes, refuse);
  const start = LENGTH_BYTES + headerLength(bytes, refuse);
  const tensors = new Map<string, FileTensor>();
  let next = 0; // the first byte that belongs to none of the tensors so far
  const inOrder = Object.entries(entries).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [name, { dtype, shape, data_offsets }] of inOrder) {
    const [begin, end] = data_offsets;
    const size = shape.reduce((product, n) => product * n, ARRAYS[dtype].BYTES_PER_ELEMENT);
    if (begin !== next) refuse(`tensor '${name}' begins at byte ${begin} of the data, expected ${next}`);
    if (end - begin !== size) {
      refuse(`tensor '${name}' has ${end - begin} bytes, but ${dtype} [${shape}] needs ${size}`);
    }
    if (start + end > bytes.length) {
      refuse(`it ends within tensor '${name}': ${start + end - bytes.length} bytes or more are missing`);
    }
    // A copy is aligned and does not keep the file's bytes in memory.
    const copy = new Uint8Array(bytes.subarray(start + begin, start + end));
    tensors.set(name, { dtype, shape, data: new ARRAYS[dtype](copy.buffer) });
    next = end;
  }
  if (start + next !== bytes.length) {
    refuse(`${bytes.length - start - next} bytes after the last tensor belong to none`);
  }
  return { tensors, metadata };
}

type Refuse = (fault: string) => never;

function headerLength(bytes: Uint8Array, refuse: Refuse): number {
  if (bytes.length < LENGTH_BYTES) {
    refuse(`it has ${bytes.length} bytes, and the length of its header alone takes ${LENGTH_BYTES}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER) refuse(`its header claims ${length} bytes; at most ${MAX_HEADER} are believed`);
  if (length > bytes.length - LENGTH_BYTES) {
    refuse(`its header claims ${length} bytes, but ${bytes.length - LENGTH_BYTES} are there`);
  }
  return length;
}

function parseHeader(bytes: Uint8Array, refuse: Refuse): z.infer<typeof headerSchema> {
  const text = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerLength(bytes, refuse));
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch {
    refuse('its header is not JSON');
  }
  const parsed = headerSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(`its header is wrong at ${issue.path.join('.') || 'the top'} (${issue.message})`);
}
