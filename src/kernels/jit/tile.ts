/**
 * A tile is a piece of the result whose sums stay in vector registers while they are added up. Each routine
 * here computes one tile and leaves its pointers at the next one below. Every sum goes from one k to the next
 * by a fused multiply-add, as WebAssembly's do, so that the bits are the same whatever the tiles' sizes are.
 */
import type { Assembler } from './assembler.js';
import { A_STRIDE, FRAME, STACK_AREA, START, WORD } from './block.js';
import {
  at,
  type Label,
  type MemoryOperand,
  R9,
  R10,
  R13,
  R14,
  R15,
  RAX,
  RBP,
  RBX,
  RCX,
  RDI,
  RDX,
  RSI,
} from './encoder.js';
import { forPlaces, forSums, mostRows, PANEL_VECTORS, panelStride, type TileShape } from './shape.js';

function loadSums(code: Assembler, shape: TileShape): void {
  forPlaces(code, 'load', shape, (sum, place, masked) => {
    code.vloadLanes(sum, place, masked);
  });
}

const zeroSums = (code: Assembler, shape: TileShape) =>
  forSums(code, 'zero', shape, (sum) => code.vzero(sum));

/** Stores the tile and moves rbp on to the next tile of C. */
export function storeSums(code: Assembler, shape: TileShape): void {
  forPlaces(code, 'store', shape, (sum, place, masked) => {
    code.vstoreLanes(place, sum, masked);
  });
  code.add(RDX, R9);
  code.mov(RBP, RDX);
}

/** Fetches the lines of C that the tile will be stored to. */
export function prefetchPlaces(code: Assembler, shape: TileShape): void {
  forPlaces(code, 'fetch', shape, (_, place) => {
    if (place.offset % 64 === 0) code.prefetchw(place);
  });
}

/** Where the tile's numbers of A lie: from one row of the tile to the next, and from one k to the next. */
interface Walk {
  readonly row: number;
  readonly step: number;
}

/** to += a·b, for one k, or for two of them in bfloat16. */
export function multiplyAdd(
  code: Assembler,
  { bfloat16 }: TileShape,
  to: number,
  a: number,
  b: number,
): void {
  if (bfloat16) code.vdotPairs(to, a, b);
  else code.vfma(to, a, b);
}

/** Rows of B by which a packing tile fetches them for the first cache before it loads them. */
const AHEAD = 4;

/** Adds to the sums for one k, `ahead` steps beyond rax and rbx. */
function multiplyStep(code: Assembler, shape: TileShape, walk: Walk, ahead: number, packing: boolean): void {
  const { height, vectors, bfloat16 } = shape;
  const firstOfB = mostRows(code) * vectors;
  const end = code.instructions === 'avx2' ? code.maskRegister : code.registers;
  const casts = end - firstOfB - vectors;
  const { vectorBytes } = code;
  for (let vector = 0; vector < vectors; vector++) {
    const offset = ahead * panelStride(code) + vector * vectorBytes;
    code.vload(firstOfB + vector, at(RBX, packing ? vector * vectorBytes : offset));
    if (packing) code.vstore(at(R14, offset), firstOfB + vector);
  }
  if (packing) {
    // Rows of B are too far apart for the processor to foresee them, and the next panel's lines as well.
    for (let line = 0; line < panelStride(code); line += 64) {
      code.prefetch(at(RBX, line, R10, AHEAD));
      code.prefetch2(at(RBX, panelStride(code) + line));
    }
  }
  if (packing) code.add(RBX, R10);
  code.rows(`multiply ${vectors} ${walk.row} ${ahead} ${bfloat16}`, height, (row) => {
    const cast = end - 1 - (row % Math.min(casts, 4));
    code.vbroadcast(cast, at(RAX, row * walk.row + ahead * walk.step));
    for (let vector = 0; vector < vectors; vector++)
      multiplyAdd(code, shape, row * vectors + vector, cast, firstOfB + vector);
  });
}

/**
 * Returns the steps of one turn of the inner loop: with four, the code is longer and no faster. Writing code
 * takes time, so there is one step where the loop itself costs little: in a tall tile of AVX-512, whose 28
 * multiplications leave room for it, and in the last, narrower panel.
 */
function unrolled({ instructions }: Assembler, { height, vectors, masked }: TileShape): number {
  const tall = instructions === 'avx512' && height > 6;
  return tall || (masked && (instructions === 'avx2' || vectors < PANEL_VECTORS)) ? 1 : 2;
}

/**
 * Adds to the sums for as many values of k as stand at `depth`. A advances in rax and B in rbx; with
 * `packing`, rows of B are r10 bytes apart and are copied to the panel at r14 on the way. Changes rdx and
 * r13.
 */
function multiply(
  code: Assembler,
  shape: TileShape,
  walk: Walk,
  depth: MemoryOperand,
  packing: boolean,
): void {
  const steps = unrolled(code, shape);
  const body: LoopBody = {
    step: (ahead) => multiplyStep(code, shape, walk, ahead, packing),
    advance: (steps) => {
      code.addImmediate(RAX, steps * walk.step);
      code.addImmediate(packing ? R14 : RBX, steps * panelStride(code));
    },
  };
  code.mov32(R13, depth);
  if (steps > 1) {
    code.mov32(RDX, R13);
    code.shiftRight32(R13, 1);
    code.andImmediate(RDX, 1);
  }
  loopUnlessZero(code, R13, steps, body);
  if (steps > 1) loopUnlessZero(code, RDX, 1, body);
}

/** What a loop over k does in each step. */
interface LoopBody {
  /** Writes what is done for the k that is `ahead` steps beyond the pointers. */
  readonly step: (ahead: number) => void;
  /** Writes how the pointers move on by some steps. */
  readonly advance: (steps: number) => void;
}

/** Writes a loop of as many turns as `counter` says, at least one, with `steps` steps in each. */
export function loop(code: Assembler, counter: number, steps: number, { step, advance }: LoopBody): void {
  const top = code.here();
  for (let ahead = 0; ahead < steps; ahead++) step(ahead);
  advance(steps);
  code.dec(counter);
  code.jump(top, 'ne');
}

/** Writes a loop that is passed over where `counter` is 0. */
export function loopUnlessZero(code: Assembler, counter: number, steps: number, body: LoopBody): void {
  const over = code.label();
  code.test32(counter, counter);
  code.jump(over, 'e');
  loop(code, counter, steps, body);
  code.place(over);
}

/**
 * Writes a routine for a tile of A·B: rows of the copy of A at r15, the panel at rbx, C at rbp with rows r9
 * apart, the bias at rcx. With `packing`, rbx is B itself, with rows r10 apart, and the panel at r14 is
 * written. Changes rax, rbx, rdx, r13 and r14.
 */
export function writeAffineTile(code: Assembler, shape: TileShape, packing: boolean): void {
  const { height, vectors, masked } = shape;
  const [more, zero, ready] = [code.label(), code.label(), code.label()];
  prefetchPlaces(code, shape);
  code.mov(RAX, R15);
  code.cmpImmediate(at(RDI, WORD.start), START.bias);
  code.jump(more, 'a');
  code.jump(zero, 'b');
  for (let vector = 0; vector < vectors; vector++) {
    const place = at(RCX, vector * code.vectorBytes);
    code.vloadLanes(vector, place, masked && vector === vectors - 1);
  }
  forSums(code, 'repeat', shape, (sum, row, vector) => {
    if (row > 0) code.vmove(sum, vector);
  });
  code.jump(ready);
  code.place(more);
  loadSums(code, shape);
  code.jump(ready);
  code.place(zero);
  zeroSums(code, shape);
  code.place(ready);
  multiply(code, shape, { row: A_STRIDE, step: 4 }, at(RDI, WORD.depth), packing);
  storeSums(code, shape);
  code.addImmediate(R15, height * A_STRIDE);
  code.ret();
}

/** Takes the magnitudes of the sums into account, by whole numbers: the bits of NaN are larger than all. */
export function noteLargest(code: Assembler, shape: TileShape): void {
  const [magnitude, mask, largest] = [-4, -3, -2].map((i) => code.registers + i);
  code.vload(mask, at(RDI, WORD.magnitude));
  code.vload(largest, at(RDI, WORD.largest));
  forSums(code, 'note', shape, (sum) => {
    code.vand(magnitude, sum, mask);
    code.vmaxUnsigned(largest, largest, magnitude);
  });
  code.vstore(at(RDI, WORD.largest), largest);
}

/** Points r10 behind the stack on which sums wait, which is empty. */
export function beginStack(code: Assembler): void {
  const largest = mostRows(code) * panelStride(code);
  code.lea(R10, at(RDI, STACK_AREA + FRAME - largest));
}

/**
 * Adds as many waiting sums to the tile's as the program at r14 says after the sums of one shard, or of a
 * pair. While the program goes on, the result waits on the stack, and what comes next begins at `next`.
 * Changes rdx, r10 and r14.
 */
export function mergeWaiting(code: Assembler, shape: TileShape, next: Label): void {
  const [merge, merged, done] = Array.from({ length: 3 }, () => code.label());
  const waiting = (sum: number) => at(R10, sum * code.vectorBytes);
  code.mov32(RDX, at(R14, 4));
  code.test32(RDX, RDX);
  code.jump(merged, 'e');
  code.place(merge);
  code.subImmediate(R10, FRAME);
  forSums(code, 'merge', shape, (sum) => code.vadd(sum, sum, waiting(sum)));
  code.dec(RDX);
  code.jump(merge, 'ne');
  code.place(merged);
  code.addImmediate(R14, 8);
  code.cmp(R14, RSI);
  code.jump(done, 'e');
  forSums(code, 'wait', shape, (sum) => code.vstore(waiting(sum), sum));
  code.addImmediate(R10, FRAME);
  code.jump(next);
  code.place(done);
}

/**
 * Writes a routine for a tile of Aᵀ·B, the tree over the shards included: the strip of A at r15,
 * the panel at rbx, C at rbp with rows r9 apart, the shards' program from r14 to rsi. The program has two
 * numbers for each shard: its rows, and how many sums of earlier shards are added to its own
 * (wasm/assembly/shards.ts explains the order). Sums wait on a stack that r10 points behind. Changes rax,
 * rbx, rdx, r10, r13 and r14.
 */
export function writeGradientTile(code: Assembler, shape: TileShape): void {
  const [shard, more, ready] = Array.from({ length: 3 }, () => code.label());
  prefetchPlaces(code, shape);
  code.mov(RAX, R15);
  beginStack(code);
  code.place(shard);
  code.cmpImmediate(at(RDI, WORD.start), START.more);
  code.jump(more, 'e');
  zeroSums(code, shape);
  code.jump(ready);
  code.place(more);
  loadSums(code, shape);
  code.place(ready);
  multiply(code, shape, { row: 4, step: code.vectorBytes }, at(R14), false);
  mergeWaiting(code, shape, shard);
  noteLargest(code, shape);
  storeSums(code, shape);
  code.mov32(RDX, at(RDI, WORD.strip));
  code.add(R15, RDX);
  code.ret();
}
