/** Tiles of the gradient of the weights for shards that are taken in pairs. */
import type { Assembler } from './assembler.js';
import { PAIR_AREA, PANEL_AREA, WORD } from './block.js';
import { at, R12, R13, R14, R15, RAX, RBX, RDI, RDX } from './encoder.js';
import { forSums, mostRows, panelStride, type TileShape } from './shape.js';
import {
  beginStack,
  loop,
  loopUnlessZero,
  mergeWaiting,
  multiplyAdd,
  noteLargest,
  prefetchPlaces,
  storeSums,
} from './tile.js';

/**
 * Writes a routine for a full tile like that of `writeGradientTile`, for shards of which each two that are
 * added first have as many rows: half of the tile at a time, whose sums of two shards stay in registers, so
 * that a third as many sums wait on the stack. The program has two numbers for each pair: the rows of a
 * shard, and how many waiting sums are added to the pair's. Sums begin at 0. Changes rax, rbx, rdx, r10, r12,
 * r13 and r14.
 */
export function writePairedTile(code: Assembler, shape: TileShape): void {
  const { height } = shape;
  code.push(R12);
  const upper = Math.ceil(height / 2);
  writeHalfTile(code, { ...shape, height: upper }, 0);
  if (height > upper) writeHalfTile(code, { ...shape, height: height - upper }, upper);
  code.mov32(RDX, at(RDI, WORD.strip));
  code.add(R15, RDX);
  code.pop(R12);
  code.ret();
}

/** Computes some rows of a paired tile, those from `first` on. */
function writeHalfTile(code: Assembler, shape: TileShape, first: number): void {
  const pair = code.label();
  const second = sumsOfSecond(code, shape);
  prefetchPlaces(code, shape);
  code.lea(RAX, at(R15, 4 * first));
  code.lea(RBX, at(RDI, PANEL_AREA));
  code.lea(R14, at(RDI, PAIR_AREA));
  beginStack(code);
  code.place(pair);
  forSums(code, 'zero both', shape, (sum) => {
    code.vzero(sum);
    code.vzero(second + sum);
  });
  multiplyBoth(code, shape);
  code.add(RAX, RDX);
  code.add(RBX, R12);
  forSums(code, 'add both', shape, (sum) => code.vadd(sum, second + sum, sum));
  mergeWaiting(code, shape, pair);
  noteLargest(code, shape);
  storeSums(code, shape);
}

/** Returns the first register of the second shard's sums. */
const sumsOfSecond = (code: Assembler, { vectors }: TileShape): number =>
  Math.ceil(mostRows(code) / 2) * vectors;

/** Adds to the sums of one of the two shards for one row, `ahead` rows beyond rax and rbx. */
function multiplyRow(code: Assembler, shape: TileShape, shard: 0 | 1, ahead: number): void {
  const { height, vectors, bfloat16 } = shape;
  const firstOfB = code.registers - 4;
  const firstSum = shard * sumsOfSecond(code, shape);
  const casts = code.instructions === 'avx512' ? 2 : 1;
  for (let vector = 0; vector < vectors; vector++) {
    const offset = ahead * panelStride(code) + vector * code.vectorBytes;
    code.vload(firstOfB + vector, at(RBX, offset, shard ? R12 : null));
  }
  code.rows(`multiply both ${vectors} ${shard} ${ahead} ${bfloat16}`, height, (row) => {
    const cast = firstOfB + vectors + (row % casts);
    code.vbroadcast(cast, at(RAX, 4 * row + ahead * code.vectorBytes, shard ? RDX : null));
    for (let vector = 0; vector < vectors; vector++)
      multiplyAdd(code, shape, firstSum + row * vectors + vector, cast, firstOfB + vector);
  });
}

/**
 * Adds to the sums of both shards for all rows of the pair at r14. A advances in rax and B in rbx; leaves the
 * distances to the second shard's rows, which follow those of the first, in rdx and r12. Changes r13.
 */
function multiplyBoth(code: Assembler, shape: TileShape): void {
  const avx512 = code.instructions === 'avx512';
  const body = {
    step: (ahead: number) => {
      multiplyRow(code, shape, 0, ahead);
      multiplyRow(code, shape, 1, ahead);
    },
    advance: (steps: number) => {
      code.addImmediate(RAX, steps * code.vectorBytes);
      code.addImmediate(RBX, steps * panelStride(code));
    },
  };
  code.mov32(RDX, at(R14));
  code.mov(R13, RDX);
  code.shiftLeft32(RDX, avx512 ? 6 : 5);
  code.lea(R12, at(RDX, 0, RDX));
  if (avx512) {
    loop(code, R13, 1, body);
    return;
  }
  // A half tile of AVX2 has so few multiplications that turns of one step take up to a sixth longer, where
  // another thread shares the core.
  code.shiftRight32(R13, 1);
  loopUnlessZero(code, R13, 2, body);
  code.mov32(R13, at(R14));
  code.andImmediate(R13, 1);
  loopUnlessZero(code, R13, 1, body);
}
