/** An encoding as typed arrays, which a batch is gathered by. */
import type { Encoding } from './dataset.js';

/** A prepared encoding is an encoding as typed arrays, made once and used for every batch. */
export interface PreparedEncoding {
  readonly shift: Float64Array;
  readonly scale: Float64Array;
  /** 1 for each column whose scaled numbers are clipped, for each shift; null if there is none. */
  readonly clip: Uint8Array | null;
  /**
   * Scaled value of each byte v, (v − shift) · scale, for datasets in which one shift serves every column. It
   * is float32 even if x is float64.
   */
  readonly lookup: Float32Array;
  /** Width of each code column's one-hot block; 0 if the column is embedded. */
  readonly oneHot: Uint32Array;
  /** Indices of the embedded code columns. */
  readonly embedded: Uint32Array;
  readonly targetShift: Float64Array;
  readonly targetScale: Float64Array;
  /** Smallest and largest prediction of each target, in its own unit; infinite where nothing is clipped. */
  readonly targetMin: Float64Array;
  readonly targetMax: Float64Array;
}

/** Converts an encoding to typed arrays and tabulates what it makes of each byte. */
export function prepareEncoding(encoding: Encoding): PreparedEncoding {
  const { targetShift, targetRange } = encoding;
  return {
    shift: Float64Array.from(encoding.shift),
    scale: Float64Array.from(encoding.scale),
    clip: clipOf(encoding),
    lookup: Float32Array.from({ length: 256 }, (_, v) => (v - encoding.shift[0]) * encoding.scale[0]),
    oneHot: Uint32Array.from(encoding.cardinalities, (n, c) => (encoding.embeddings[c] > 0 ? 0 : n)),
    embedded: Uint32Array.from(encoding.embeddings.flatMap((size, c) => (size > 0 ? [c] : []))),
    targetShift: Float64Array.from(encoding.targetShift),
    targetScale: Float64Array.from(encoding.targetScale),
    targetMin: Float64Array.from(targetShift, (_, j) => targetRange?.[j][0] ?? Number.NEGATIVE_INFINITY),
    targetMax: Float64Array.from(targetShift, (_, j) => targetRange?.[j][1] ?? Number.POSITIVE_INFINITY),
  };
}

function clipOf({ clip = [], shift }: Encoding): Uint8Array | null {
  if (!clip.includes(true)) return null;
  return Uint8Array.from(shift, (_, j) => Number(clip.length === 1 ? clip[0] : clip[j]));
}
