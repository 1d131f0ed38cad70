/**
 * A tile of C for AMX: 32 × 32 numbers, in four tile registers of 16 rows of 64 bytes. The sizes of the
 * registers stay as they are: what hangs over the edge of C is computed, but not stored. A tile at an edge
 * goes through a frame, an area of 32 × 32 numbers, and so do sums of shards.
 */
import type { Assembler } from './assembler.js';
import { A_STRIDE, AMX_PROGRAM, FRAME, PANEL_AREA, PROGRAM_AREA, STACK_AREA, START, WORD } from './block.js';
import { at, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI } from './encoder.js';
import { rectifyTile } from './rectify.js';
import { PANEL_VECTORS } from './shape.js';

/** Rows of a tile register, and of a tile of C; bytes of a row of a register, of a panel and of a frame. */
const TILE_ROWS = 16;
export const BLOCK_ROWS = 32;
const ROW_BYTES = 64;
const PANEL_ROW = 2 * ROW_BYTES;
/** The registers of the sums, row by row, those of A, one above the other, and those of B side by side. */
const SUMS = [0, 1, 2, 3] as const;
const A = [4, 5] as const;
const B = [6, 7] as const;
/** Vector registers that note the largest magnitude. */
const [MAGNITUDE, MASK, LARGEST] = [29, 30, 31];

/** The part of a tile of C that exists. */
export interface TilePart {
  /** Vectors side by side. */
  readonly vectors: number;
  /** Whether the mask cuts the last of them. */
  readonly masked: boolean;
}

export const WHOLE: TilePart = { vectors: PANEL_VECTORS, masked: false };

/** Where a sum's register lies in a frame. */
const inFrame = (sum: number): number => (sum >> 1) * TILE_ROWS * PANEL_ROW + (sum & 1) * ROW_BYTES;

function zeroSums(code: Assembler): void {
  for (const sum of SUMS) code.tileZero(sum);
}

/** Loads or stores the sums; `base` is a frame's address, less the offset. Changes rdx. */
function loadFrame(code: Assembler, base: number, offset: number): void {
  code.movImmediate(RDX, PANEL_ROW);
  for (const sum of SUMS) code.tileLoad(sum, at(base, offset + inFrame(sum), RDX));
}
function storeFrame(code: Assembler, base: number, offset: number): void {
  code.movImmediate(RDX, PANEL_ROW);
  for (const sum of SUMS) code.tileStore(at(base, offset + inFrame(sum), RDX), sum);
}

/** Adds products to the sums: A at rax and at `lower`, 16 rows below, B at rbx; moves all of them on. */
function multiplySteps(
  code: Assembler,
  lower: readonly [base: number, offset: number],
  aStride: number,
  bStride: number,
): void {
  const step = code.here();
  code.tileLoad(A[0], at(RAX, 0, aStride));
  code.tileLoad(B[0], at(RBX, 0, bStride));
  code.tileLoad(B[1], at(RBX, ROW_BYTES, bStride));
  code.tileLoad(A[1], at(lower[0], lower[1], aStride));
  for (const sum of SUMS) code.tileDotPairs(sum, A[sum >> 1], B[sum & 1]);
  code.addImmediate(RAX, ROW_BYTES);
  if (lower[0] !== RAX) code.addImmediate(lower[0], ROW_BYTES);
  code.addImmediate(RBX, TILE_ROWS * PANEL_ROW);
  code.dec(R13);
  code.jump(step, 'ne');
}

/** Leaves the number of rows of the tile at hand in r13: r11 counts the tiles that are left. */
export function rowsOfTile(code: Assembler): void {
  const full = code.label();
  code.movImmediate(R13, BLOCK_ROWS);
  code.cmpImmediate(R11, 1);
  code.jump(full, 'ne');
  code.mov32(R13, at(RDI, WORD.low));
  code.place(full);
}

/** Fetches the lines of the tile of C at rbp, which will be written. Changes rdx. */
function prefetchTile(code: Assembler): void {
  code.mov(RDX, RBP);
  for (let row = 0; row < BLOCK_ROWS; row++) {
    if (row > 0) code.add(RDX, R9);
    for (let line = 0; line < PANEL_ROW; line += ROW_BYTES) code.prefetchw(at(RDX, line));
  }
}

/** Copies the tile of C at rbp to the frame at rax. Changes rax, rdx, r13 and vectors. */
function copyToFrame(code: Assembler, { vectors, masked }: TilePart): void {
  rowsOfTile(code);
  code.mov(RDX, RBP);
  const row = code.here();
  for (let vector = 0; vector < vectors; vector++) {
    const from = at(RDX, vector * ROW_BYTES);
    code.vloadLanes(vector, from, masked && vector === vectors - 1);
    code.vstore(at(RAX, vector * ROW_BYTES), vector);
  }
  code.add(RDX, R9);
  code.addImmediate(RAX, PANEL_ROW);
  code.dec(R13);
  code.jump(row, 'ne');
}

/**
 * Copies the frame at rax to the tile of C at rbp, which moves on to the tile below. With `noted`, the
 * largest magnitudes are noted. Changes rax, r13 and vectors.
 */
function copyFromFrame(code: Assembler, { vectors, masked }: TilePart, noted: boolean): void {
  rowsOfTile(code);
  if (noted) {
    code.vload(MASK, at(RDI, WORD.magnitude));
    code.vload(LARGEST, at(RDI, WORD.largest));
  }
  const row = code.here();
  for (let vector = 0; vector < vectors; vector++) {
    const [from, to] = [at(RAX, vector * ROW_BYTES), at(RBP, vector * ROW_BYTES)];
    const cut = masked && vector === vectors - 1;
    code.vloadLanes(vector, from, cut);
    if (noted) {
      code.vand(MAGNITUDE, vector, MASK);
      code.vmaxUnsigned(LARGEST, LARGEST, MAGNITUDE);
    }
    code.vstoreLanes(to, vector, cut);
  }
  code.add(RBP, R9);
  code.addImmediate(RAX, PANEL_ROW);
  code.dec(R13);
  code.jump(row, 'ne');
  if (noted) code.vstore(at(RDI, WORD.largest), LARGEST);
}

/** Leaves 16 rows of C in r13, as bytes, and the address 16 rows below rbp in r14. */
function lowerHalf(code: Assembler): void {
  code.mov32(R13, R9);
  code.shiftLeft32(R13, 4);
  code.lea(R14, at(RBP, 0, R13));
}

/** Begins the sums of a tile at 0, at the bias at rcx, or at what C holds. Changes rax, rdx, r13 and r14. */
function beginSums(code: Assembler, part: TilePart, direct: boolean): void {
  const { vectors, masked } = part;
  const [more, zero, ready] = [code.label(), code.label(), code.label()];
  code.cmpImmediate(at(RDI, WORD.start), START.bias);
  code.jump(more, 'a');
  code.jump(zero, 'b');
  for (let vector = 0; vector < vectors; vector++) {
    const from = at(RCX, vector * ROW_BYTES);
    code.vloadLanes(vector, from, masked && vector === vectors - 1);
    code.vstore(at(RDI, STACK_AREA + vector * ROW_BYTES), vector);
  }
  code.movImmediate(RDX, 0); // all rows of a register are the same one
  for (const sum of SUMS) code.tileLoad(sum, at(RDI, STACK_AREA + (sum & 1) * ROW_BYTES, RDX));
  code.jump(ready);
  code.place(more);
  if (direct) {
    lowerHalf(code);
    for (const sum of SUMS) code.tileLoad(sum, at(sum < 2 ? RBP : R14, (sum & 1) * ROW_BYTES, R9));
  } else {
    code.lea(RAX, at(RDI, STACK_AREA));
    copyToFrame(code, part);
    loadFrame(code, RDI, STACK_AREA);
  }
  code.jump(ready);
  code.place(zero);
  zeroSums(code);
  code.place(ready);
}

/**
 * Computes a tile of A·B: the copy of A at r15, the packed panel, C at rbp with rows r9 apart, the bias at
 * rcx. Changes rax, rbx, rdx, r13 and r14.
 * @param transposed whether it is the gradient of inputs, which ReLU's slopes may multiply
 * @param direct whether the whole tile lies in C, so that it needs no frame
 */
export function affineTile(code: Assembler, part: TilePart, transposed: boolean, direct: boolean): void {
  code.push(RBP);
  prefetchTile(code);
  beginSums(code, part, direct);
  code.mov(RAX, R15);
  code.lea(RBX, at(RDI, PANEL_AREA));
  code.mov32(R13, at(RDI, WORD.depth));
  code.addImmediate(R13, TILE_ROWS - 1);
  code.shiftRight32(R13, 4);
  code.movImmediate(RDX, A_STRIDE);
  code.movImmediate(R14, PANEL_ROW);
  multiplySteps(code, [RAX, TILE_ROWS * A_STRIDE], RDX, R14);
  if (direct) {
    lowerHalf(code);
    for (const sum of SUMS) code.tileStore(at(sum < 2 ? RBP : R14, (sum & 1) * ROW_BYTES, R9), sum);
    code.lea(RBP, at(R14, 0, R13));
  } else {
    storeFrame(code, RDI, STACK_AREA);
    code.lea(RAX, at(RDI, STACK_AREA));
    copyFromFrame(code, part, false);
  }
  code.pop(RDX);
  rectifyTile(code, part.vectors, part.masked, transposed);
  code.addImmediate(R15, BLOCK_ROWS * A_STRIDE);
}

/** Adds the frame at r10 to those that wait below it, as many as r13 says, and leaves r10 at the sum. */
function mergeFrames(code: Assembler): void {
  const [merge, merged] = [code.label(), code.label()];
  code.test32(R13, R13);
  code.jump(merged, 'e');
  code.place(merge);
  code.subImmediate(R10, FRAME);
  for (let offset = 0; offset < FRAME; offset += ROW_BYTES) {
    code.vload(0, at(R10, offset));
    code.vadd(0, 0, at(R10, FRAME + offset));
    code.vstore(at(R10, offset), 0);
  }
  code.dec(R13);
  code.jump(merge, 'ne');
  code.place(merged);
}

/**
 * Computes a tile of Aᵀ·B, the tree over the shards included: the copy of Aᵀ at r15, the packed panel, C at
 * rbp with rows r9 apart; the shards' program (AMX_PROGRAM) ends at rsi. Changes rax, rbx, rdx, r10, r13 and
 * r14.
 */
export function gradientTile(code: Assembler, part: TilePart): void {
  const [zero, ready, shard, done] = Array.from({ length: 4 }, () => code.label());
  code.push(RCX);
  code.push(R12);
  prefetchTile(code);
  code.lea(R10, at(RDI, STACK_AREA));
  code.cmpImmediate(at(RDI, WORD.start), START.more);
  code.jump(zero, 'ne');
  code.mov(RAX, R10);
  copyToFrame(code, part);
  loadFrame(code, R10, 0);
  code.jump(ready);
  code.place(zero);
  zeroSums(code);
  code.place(ready);
  code.mov32(RCX, at(RDI, WORD.strip));
  code.mov(RDX, RCX);
  code.shiftLeft32(RDX, 4);
  code.mov(RAX, R15);
  code.lea(R12, at(R15, 0, RDX));
  code.lea(R15, at(R12, 0, RDX));
  code.lea(RBX, at(RDI, PANEL_AREA));
  code.lea(R14, at(RDI, PROGRAM_AREA));
  code.movImmediate(RDX, PANEL_ROW);
  code.place(shard);
  code.mov32(R13, at(R14, AMX_PROGRAM.blocks));
  multiplySteps(code, [R12, 0], RCX, RDX);
  storeFrame(code, R10, 0);
  code.mov32(R13, at(R14, AMX_PROGRAM.merges));
  mergeFrames(code);
  code.addImmediate(R14, AMX_PROGRAM.bytes);
  code.cmp(R14, RSI);
  code.jump(done, 'e');
  code.addImmediate(R10, FRAME);
  zeroSums(code);
  code.jump(shard);
  code.place(done);
  code.mov(RAX, R10);
  copyFromFrame(code, part, true);
  code.pop(R12);
  code.pop(RCX);
}
