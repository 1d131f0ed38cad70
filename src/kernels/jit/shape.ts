/** The shape of a tile, and the order in which its vectors are gone through. */
import type { Assembler } from './assembler.js';
import { at, type MemoryOperand, R9, RBP, RDX } from './encoder.js';

/** The size of a tile. */
export interface TileShape {
  readonly height: number;
  /** Vectors side by side. */
  readonly vectors: number;
  /** Whether the mask cuts the last of them. */
  readonly masked: boolean;
  /** Whether 32 bits of a factor are two bfloat16 numbers, whose products are added one after the other. */
  readonly bfloat16?: boolean;
}

/** What multiplies bfloat16: vector instructions, or AMX with its tile registers. */
export type Bfloat16Unit = 'avx512_bf16' | 'amx';

/** Vectors side by side in a panel of B. */
export const PANEL_VECTORS = 2;

/**
 * Returns the most rows of a tile: beside its sums, a row of B and two more vectors take registers, which are
 * broadcast numbers of A, or one and AVX2's mask.
 */
export const mostRows = ({ registers }: Assembler): number => (registers - PANEL_VECTORS - 2) / PANEL_VECTORS;

/** Bytes of a row of a packed panel. */
export const panelStride = ({ vectorBytes }: Assembler): number => PANEL_VECTORS * vectorBytes;

/**
 * Calls `each` for every vector of a tile, row by row, with its register.
 * @param what says what it writes, which may depend on nothing else but the vectors of the shape
 */
export function forSums(
  code: Assembler,
  what: string,
  { height, vectors }: TileShape,
  each: (sum: number, row: number, vector: number) => void,
) {
  code.rows(`${what} ${vectors}`, height, (row) => {
    for (let vector = 0; vector < vectors; vector++) each(row * vectors + vector, row, vector);
  });
}

/** Calls `each` for every vector of a tile with the memory in C where it belongs; changes rdx. */
export function forPlaces(
  code: Assembler,
  what: string,
  shape: TileShape,
  each: (sum: number, place: MemoryOperand, masked: boolean) => void,
) {
  code.mov(RDX, RBP);
  forSums(code, `${what} ${shape.masked}`, shape, (sum, row, vector) => {
    if (vector === 0 && row > 0) code.add(RDX, R9);
    each(sum, at(RDX, vector * code.vectorBytes), shape.masked && vector === shape.vectors - 1);
  });
}
