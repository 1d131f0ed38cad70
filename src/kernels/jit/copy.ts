/** Copies factors to where a tile reads them from front to back. */
import type { Assembler } from './assembler.js';
import { A_COPY, A_STRIDE, WORD } from './block.js';
import { at, R10, R11, R13, R14, RAX, RBX, RCX, RDI, RDX } from './encoder.js';
import { loadNarrowRow } from './narrow.js';
import { type Bfloat16Unit, panelStride } from './shape.js';
import { stripHeight } from './strip.js';

/**
 * Copies the rows of A at rbx, those of the block's words, to the copy of A. Changes rax, rbx, rdx, r10, r11,
 * r13, r14 and the mask.
 */
export function copyA(code: Assembler): void {
  const [rows, vectors, rest, next] = Array.from({ length: 4 }, () => code.label());
  code.mov32(R10, at(RDI, WORD.aStride));
  code.mov32(R11, at(RDI, WORD.rowVectors));
  code.mov32(R13, at(RDI, WORD.rows));
  code.lea(R14, at(RDI, A_COPY));
  code.setMask(at(RDI, WORD.rowMask));
  code.place(rows);
  code.movImmediate(RAX, 0);
  code.cmp32(RAX, R11);
  code.jump(rest, 'ae');
  code.place(vectors);
  code.vload(0, at(RBX, 0, RAX));
  code.vstore(at(R14, 0, RAX), 0);
  code.addImmediate(RAX, code.vectorBytes);
  code.cmp32(RAX, R11);
  code.jump(vectors, 'b');
  code.place(rest);
  code.cmpImmediate(at(RDI, WORD.rowRest), 0);
  code.jump(next, 'e');
  code.vloadMasked(0, at(RBX, 0, RAX));
  code.vstore(at(R14, 0, RAX), 0);
  code.place(next);
  code.add(RBX, R10);
  code.addImmediate(R14, A_STRIDE);
  code.dec(R13);
  code.jump(rows, 'ne');
}

/**
 * Copies A from rbx in strips, one for each tile of its columns: the tile's numbers of a row fill one vector,
 * and the rows follow one another. With rows further apart, 77 GFLOP/s were measured instead of 90, probably
 * because loads of A then often lie a multiple of 4096 bytes from sums that were just stored. Changes
 * rax, rbx, rdx, r10, r11, r13, r14 and the mask.
 */
export function copyStrips(code: Assembler): void {
  const [tile, rows] = Array.from({ length: 2 }, () => code.label());
  code.mov32(R10, at(RDI, WORD.aStride));
  code.mov32(R11, at(RDI, WORD.tiles));
  code.lea(R14, at(RDI, A_COPY));
  code.place(tile);
  stripHeight(code, R11);
  code.mov(RAX, RBX);
  code.mov32(R13, at(RDI, WORD.rows));
  code.place(rows);
  code.vloadMasked(0, at(RAX));
  code.vstore(at(R14), 0);
  code.add(RAX, R10);
  code.addImmediate(R14, code.vectorBytes);
  code.dec(R13);
  code.jump(rows, 'ne');
  code.lea(RBX, at(RBX, 0, RDX, 4));
  code.dec(R11);
  code.jump(tile, 'ne');
}

/**
 * Copies r13 rows of `vectors` vectors, r10 bytes apart, from rbx to the panel at r14. With `masked`, the
 * mask cuts the last vector. Changes rbx, r13 and r14.
 */
export function copyPanel(code: Assembler, vectors: number, masked: boolean): void {
  const top = code.here();
  for (let vector = 0; vector < vectors; vector++) {
    const from = at(RBX, vector * code.vectorBytes);
    code.vloadLanes(vector, from, masked && vector === vectors - 1);
    code.vstore(at(R14, vector * code.vectorBytes), vector);
  }
  code.add(RBX, R10);
  code.addImmediate(R14, panelStride(code));
  code.dec(R13);
  code.jump(top, 'ne');
}

/**
 * Copies the transpose of a matrix at rsi-like `from`, rows r10 bytes apart, to the panel at `panel`: a group
 * of rows, as many as a vector has lanes, becomes a vector of each of the panel's rows. `columns` is null for
 * all of a panel's columns, or a register with their number. In bfloat16 a row of the panel is a pair of
 * columns. Changes rax, rbx, rcx, rdx, r11, r13, r14, all vectors and the mask.
 */
export function copyTransposed(
  code: Assembler,
  from: number,
  panel: number,
  vectors: number,
  columns: number | null,
  bfloat16: Bfloat16Unit | null,
): void {
  for (let group = 0; group < vectors; group++) {
    const [blocks, rest, end] = Array.from({ length: 3 }, () => code.label());
    if (group === 0) code.mov(RBX, from);
    // rbx is the group's first row; the rows of the first group led there.
    code.lea(R14, at(RDI, panel + group * code.vectorBytes));
    code.mov32(R13, at(RDI, WORD.depthVectors));
    code.mov(RCX, RBX);
    code.test32(R13, R13);
    code.jump(rest, 'e');
    code.place(blocks);
    transposeBlock(code, columns, group, false, bfloat16);
    code.dec(R13);
    code.jump(blocks, 'ne');
    code.place(rest);
    code.cmpImmediate(at(RDI, WORD.rowRest), 0);
    code.jump(end, 'e');
    code.setMask(at(RDI, WORD.rowMask));
    transposeBlock(code, columns, group, true, bfloat16);
    code.place(end);
    if (group + 1 < vectors) {
      code.mov(RBX, RCX);
      for (let row = 0; row < code.lanes; row++) code.add(RBX, R10);
    }
  }
}

/**
 * Transposes as many columns as a vector has lanes, or pairs of them: those at rbx, in as many rows as a
 * vector has lanes, become rows of the panel at r14. Moves both on. Beyond the `columns` that count, the last
 * row is read again, so that nothing beyond the matrix is touched.
 */
function transposeBlock(
  code: Assembler,
  columns: number | null,
  group: number,
  masked: boolean,
  bfloat16: Bfloat16Unit | null,
): void {
  const { lanes } = code;
  code.mov(RDX, RBX);
  if (columns !== null) {
    code.mov32(RAX, columns);
    if (group > 0) code.subImmediate(RAX, group * lanes);
    code.mov(R11, R10);
  }
  for (let row = 0; row < lanes; row++) {
    if (bfloat16) loadNarrowRow(code, row, masked, bfloat16);
    else code.vloadLanes(row, at(RDX), masked);
    if (row === lanes - 1) break;
    if (columns === null) code.add(RDX, R10);
    else {
      const inside = code.label();
      code.dec(RAX);
      code.jump(inside, 'ne');
      code.movImmediate(R11, 0);
      code.place(inside);
      code.add(RDX, R11);
    }
  }
  const transposed = code.instructions === 'avx512' ? transpose16(code) : transpose8(code);
  transposed.forEach((register, row) => {
    code.vstore(at(R14, row * panelStride(code)), register);
  });
  code.addImmediate(RBX, (bfloat16 ? 2 : 1) * code.vectorBytes);
  code.addImmediate(R14, lanes * panelStride(code));
}

/** Transposes 8 × 8 numbers in registers 0 … 7; returns the registers of the columns. */
function transpose8(code: Assembler): number[] {
  interleave(code, 8);
  for (let i = 0; i < 4; i++) {
    code.vpermuteHalves(8 + i, i, 4 + i, 0x20);
    code.vpermuteHalves(12 + i, i, 4 + i, 0x31);
  }
  return Array.from({ length: 8 }, (_, column) => 8 + column);
}

/** Transposes 16 × 16 numbers in registers 0 … 15; returns the registers of the columns. */
export function transpose16(code: Assembler): number[] {
  interleave(code, 16);
  // Register 4g + c now holds, in quarter q, column 4q + c of rows 4g … 4g + 3.
  const [EVEN, ODD] = [0x88, 0xdd];
  for (let c = 0; c < 4; c++) {
    code.vshuffleQuarters(16 + c, c, 4 + c, EVEN);
    code.vshuffleQuarters(20 + c, c, 4 + c, ODD);
    code.vshuffleQuarters(24 + c, 8 + c, 12 + c, EVEN);
    code.vshuffleQuarters(28 + c, 8 + c, 12 + c, ODD);
  }
  for (let c = 0; c < 4; c++) {
    code.vshuffleQuarters(c, 16 + c, 24 + c, EVEN);
    code.vshuffleQuarters(8 + c, 16 + c, 24 + c, ODD);
    code.vshuffleQuarters(4 + c, 20 + c, 28 + c, EVEN);
    code.vshuffleQuarters(12 + c, 20 + c, 28 + c, ODD);
  }
  return Array.from({ length: 16 }, (_, column) => column);
}

/**
 * Transposes 4 × 4 numbers within each quarter of four vectors, for as many fours as there are; uses as many
 * further registers.
 */
function interleave(code: Assembler, count: number): void {
  for (let q = 0; q < count; q += 4) {
    code.vunpackLow(count + q, q, q + 1);
    code.vunpackHigh(count + q + 1, q, q + 1);
    code.vunpackLow(count + q + 2, q + 2, q + 3);
    code.vunpackHigh(count + q + 3, q + 2, q + 3);
  }
  for (let q = 0; q < count; q += 4) {
    code.vunpackLow2(q, count + q, count + q + 2);
    code.vunpackHigh2(q + 1, count + q, count + q + 2);
    code.vunpackLow2(q + 2, count + q + 1, count + q + 3);
    code.vunpackHigh2(q + 3, count + q + 1, count + q + 3);
  }
}
