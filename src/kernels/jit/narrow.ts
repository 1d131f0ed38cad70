/**
 * Copies factors to where a tile reads them, as copy.ts does, rounded to bfloat16 on the way: two numbers
 * that follow one another in the inner dimension share 32 bits. The first of them is the upper one, because
 * the processor adds its product first. An odd last number of a forward product is paired with −0 in A and 0
 * in B, whose product −0 changes no sum, be it −0; sums over rows begin at 0, so there 0 will do. AVX512_BF16
 * has the smallest magnitudes noted: narrowproducts.ts says why. AMX multiplies 16 pairs together, so there
 * pairs of zeros follow the last ones.
 */
import type { Assembler } from './assembler.js';
import { A_COPY, A_STRIDE, AMX_PROGRAM, PANEL_AREA, PROGRAM_AREA, ROWS_AREA, WORD } from './block.js';
import { at, type MemoryOperand, R10, R11, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX } from './encoder.js';
import { type Bfloat16Unit, panelStride } from './shape.js';
import { stripHeight } from './strip.js';

/** Bytes of the float32 numbers that become one vector. */
const WIDE = 128;
/** AMX multiplies 16 rows of a panel together, so at most 15 rows of zeros follow the others. */
const MOST_PADDING = 15;
/** The vector registers that note magnitudes, and one for the choice of words. */
const [SMALLEST, ONES, DOUBLED, INTERLEAVE] = [28, 29, 30, 31];

/** Gets ready to note the magnitudes of A or B, which AMX has no use for. */
function beginNoting(code: Assembler, word: number, unit: Bfloat16Unit): void {
  if (unit === 'amx') return;
  code.vload(SMALLEST, at(RDI, word));
  code.vload(ONES, at(RDI, WORD.ones));
}

/** Notes the magnitudes in a vector: 0, less one, is larger than all others. */
function note(code: Assembler, register: number, unit: Bfloat16Unit): void {
  if (unit === 'amx') return;
  code.vaddWhole(DOUBLED, register, register);
  code.vaddWhole(DOUBLED, DOUBLED, ONES);
  code.vminUnsigned(SMALLEST, SMALLEST, DOUBLED);
}

function endNoting(code: Assembler, word: number, unit: Bfloat16Unit): void {
  if (unit !== 'amx') code.vstore(at(RDI, word), SMALLEST);
}

/** Rounds 32 numbers of a row, in two registers, to pairs in `to`. */
function narrowRow(code: Assembler, to: number, first: number, second: number, unit: Bfloat16Unit): void {
  note(code, first, unit);
  note(code, second, unit);
  code.vnarrow(to, second, first);
  code.vrotate(to, to, 16);
}

/**
 * Copies the rows of A like `copyA`. Changes rax, rbx, rdx, r10, r11, r13, r14, some vectors and the mask.
 */
export function narrowA(code: Assembler, unit: Bfloat16Unit): void {
  const [rows, vectors, rest, next] = Array.from({ length: 4 }, () => code.label());
  code.mov32(R10, at(RDI, WORD.aStride));
  code.mov32(R11, at(RDI, WORD.rowVectors));
  code.mov32(R13, at(RDI, WORD.rows));
  code.lea(R14, at(RDI, A_COPY));
  beginNoting(code, WORD.smallestA, unit);
  code.place(rows);
  code.movImmediate(RAX, 0);
  code.mov(RDX, RBX);
  code.cmp32(RAX, R11);
  code.jump(rest, 'ae');
  code.place(vectors);
  code.vload(0, at(RDX));
  code.vload(1, at(RDX, WIDE / 2));
  narrowRow(code, 0, 0, 1, unit);
  code.vstore(at(R14, 0, RAX), 0);
  code.addImmediate(RDX, WIDE);
  code.addImmediate(RAX, code.vectorBytes);
  code.cmp32(RAX, R11);
  code.jump(vectors, 'b');
  code.place(rest);
  code.cmpImmediate(at(RDI, WORD.rowRest), 0);
  code.jump(next, 'e');
  for (const [register, mask] of [WORD.rowMask, WORD.secondMask].entries()) {
    code.vload(register, at(RDI, WORD.negativeZero));
    code.setMask(at(RDI, mask));
    code.vloadMerged(register, at(RDX, (register * WIDE) / 2));
  }
  narrowRow(code, 0, 0, 1, unit);
  code.vstore(at(R14, 0, RAX), 0);
  code.place(next);
  code.add(RBX, R10);
  code.addImmediate(R14, A_STRIDE);
  code.dec(R13);
  code.jump(rows, 'ne');
  endNoting(code, WORD.smallestA, unit);
}

/** Loads 32 numbers of the row at rdx as pairs into a register below 16, for a transposing copy. */
export function loadNarrowRow(code: Assembler, register: number, masked: boolean, unit: Bfloat16Unit): void {
  const [first, second] = [16, 17];
  const load = (to: number, from: MemoryOperand, mask: number) => {
    if (masked) code.setMask(at(RDI, mask));
    code.vloadLanes(to, from, masked);
  };
  if (register === 0) beginNoting(code, WORD.smallestB, unit);
  load(first, at(RDX), WORD.rowMask);
  load(second, at(RDX, WIDE / 2), WORD.secondMask);
  narrowRow(code, register, first, second, unit);
  if (register === code.lanes - 1) endNoting(code, WORD.smallestB, unit);
}

/** Rounds the numbers of two rows, in two registers, to pairs of one from each, in `to`. */
export function pairRows(
  code: Assembler,
  to: number,
  first: number,
  second: number,
  interleave: number,
): void {
  code.vnarrow(to, first, second);
  code.vpermuteWords(to, interleave, to);
}

/** What becomes of the rows of a matrix. */
interface RowPairs {
  readonly vectors: number;
  /** Whether the mask cuts the last vector. */
  readonly masked: boolean;
  /** Bytes from one row of pairs to the next. */
  readonly stride: number;
  /** Whether the lines of the next panel are fetched for the second cache. */
  readonly ahead: boolean;
  readonly unit: Bfloat16Unit;
}

/**
 * Copies r13 rows, r10 bytes apart, from rbx to r14, two of them in one. Changes rax, rbx, rdx, r13, r14 and
 * some vectors.
 */
function narrowRows(code: Assembler, { vectors, masked, stride, ahead, unit }: RowPairs): void {
  const [top, odd, end] = Array.from({ length: 3 }, () => code.label());
  const load = (register: number, base: number, vector: number) => {
    const from = at(base, vector * code.vectorBytes);
    code.vloadLanes(register, from, masked && vector === vectors - 1);
    note(code, register, unit);
  };
  const store = (vector: number, first: number, second: number) => {
    pairRows(code, first, first, second, INTERLEAVE);
    code.vstore(at(R14, vector * code.vectorBytes), first);
  };
  code.mov32(RDX, R13);
  code.andImmediate(RDX, 1);
  code.shiftRight32(R13, 1);
  code.test32(R13, R13);
  code.jump(odd, 'e');
  code.place(top);
  code.lea(RAX, at(RBX, 0, R10));
  for (let vector = 0; vector < vectors; vector++) {
    load(2 * vector, RBX, vector);
    load(2 * vector + 1, RAX, vector);
    store(vector, 2 * vector, 2 * vector + 1);
  }
  if (ahead) {
    for (let line = 0; line < panelStride(code); line += 64) {
      code.prefetch2(at(RBX, panelStride(code) + line));
      code.prefetch2(at(RAX, panelStride(code) + line));
    }
  }
  code.lea(RBX, at(RAX, 0, R10));
  code.addImmediate(R14, stride);
  code.dec(R13);
  code.jump(top, 'ne');
  code.place(odd);
  code.test32(RDX, RDX);
  code.jump(end, 'e');
  for (let vector = 0; vector < vectors; vector++) {
    load(2 * vector, RBX, vector);
    code.vzero(2 * vector + 1);
    store(vector, 2 * vector, 2 * vector + 1);
  }
  code.add(RBX, R10);
  code.addImmediate(R14, stride);
  code.place(end);
}

/** Writes so many rows of zeros to the panel at r14 as r13 says. Changes r13, r14 and a vector. */
function padPanel(code: Assembler): void {
  const end = code.label();
  code.test32(R13, R13);
  code.jump(end, 'e');
  code.vzero(0);
  const row = code.here();
  for (let offset = 0; offset < panelStride(code); offset += code.vectorBytes) {
    code.vstore(at(R14, offset), 0);
  }
  code.addImmediate(R14, panelStride(code));
  code.dec(R13);
  code.jump(row, 'ne');
  code.place(end);
}

/** Copies the rows of all shards from rbx. Changes rax, rbx, rdx, r11, r13, r14, r15 and some vectors. */
function narrowShards(code: Assembler, rows: RowPairs): void {
  const isAmx = rows.unit === 'amx';
  code.lea(R15, at(RDI, isAmx ? PROGRAM_AREA : ROWS_AREA));
  code.mov32(R11, at(RDI, WORD.shards));
  const shard = code.here();
  code.mov32(R13, at(R15, isAmx ? AMX_PROGRAM.rows : 0));
  narrowRows(code, rows);
  if (isAmx) {
    code.mov32(R13, at(R15, AMX_PROGRAM.padding));
    padPanel(code);
  }
  code.addImmediate(R15, isAmx ? AMX_PROGRAM.bytes : 4);
  code.dec(R11);
  code.jump(shard, 'ne');
}

/** Points at the panel, and gets ready to fill it. */
function beginPanel(code: Assembler, unit: Bfloat16Unit): void {
  code.lea(R14, at(RDI, PANEL_AREA));
  beginNoting(code, WORD.smallestB, unit);
  code.vload(INTERLEAVE, at(RDI, WORD.interleave));
}

/**
 * Packs a panel for a forward product from the rows of B at rbx, r10 bytes apart. Changes rax, rbx, rdx, r13,
 * r14 and some vectors.
 */
export function narrowPanel(code: Assembler, vectors: number, masked: boolean, unit: Bfloat16Unit): void {
  code.mov32(R13, at(RDI, WORD.packedRows));
  beginPanel(code, unit);
  narrowRows(code, { vectors, masked, stride: panelStride(code), ahead: !masked, unit });
  if (unit === 'amx') {
    code.movImmediate(R13, MOST_PADDING);
    padPanel(code);
  }
  endNoting(code, WORD.smallestB, unit);
}

/** Packs a panel of the rows of all shards likewise; changes r11 and r15, too. */
export function narrowShardPanel(
  code: Assembler,
  vectors: number,
  masked: boolean,
  unit: Bfloat16Unit,
): void {
  beginPanel(code, unit);
  narrowShards(code, { vectors, masked, stride: panelStride(code), ahead: false, unit });
  endNoting(code, WORD.smallestB, unit);
}

/**
 * Copies A from rbx in strips like `copyStrips`. Changes rax, rbx, rcx, rdx, rbp, r10, r11, r13, r14, r15,
 * some vectors and the mask.
 */
export function narrowStrips(code: Assembler): void {
  const [tile, unit] = [code.label(), 'avx512_bf16'] as const;
  code.mov32(R10, at(RDI, WORD.aStride));
  code.mov32(RCX, at(RDI, WORD.tiles));
  code.lea(R14, at(RDI, A_COPY));
  code.mov(RBP, RBX);
  beginNoting(code, WORD.smallestA, unit);
  code.vload(INTERLEAVE, at(RDI, WORD.interleave));
  code.place(tile);
  stripHeight(code, RCX);
  code.mov(RBX, RBP);
  code.lea(RBP, at(RBP, 0, RDX, 4));
  narrowShards(code, { vectors: 1, masked: true, stride: code.vectorBytes, ahead: false, unit });
  code.dec(RCX);
  code.jump(tile, 'ne');
  endNoting(code, WORD.smallestA, unit);
}
