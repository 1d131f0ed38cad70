/** Tiles of the gradient of the weights for shards that are taken in pairs. */
import type { Assembler } from './assembler.js';
import { PAIR_AREA, PANEL_AREA, WORD } from './block.js';
import { at, R12, R13, R14, R15, RAX, RBX, RDI, RDX } from './encoder.js';
import { forSums, mostRows, panelStride, type TileShape } from './shape.js';
import { beginStack, mergeWaiting, multiplyAdd, noteLargest, prefetchPlaces, storeSums } from './tile.js';

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
  const { height, vectors, bfloat16 } = shape;
  const [pair, step] = [code.label(), code.label()];
  /** The first register of the second shard's sums. */
  const second = Math.ceil(mostRows(code) / 2) * vectors;
  const firstOfB = code.registers - 4;
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
  // The second shard's rows follow those of the first.
  code.mov32(RDX, at(R14));
  code.mov(R13, RDX);
  code.shiftLeft32(RDX, code.instructions === 'avx512' ? 6 : 5);
  code.lea(R12, at(RDX, 0, RDX));
  code.place(step);
  for (let shard = 0; shard < 2; shard++) {
    for (let vector = 0; vector < vectors; vector++)
      code.vload(firstOfB + vector, at(RBX, vector * code.vectorBytes, shard ? R12 : null));
    code.rows(`multiply both ${vectors} ${shard} ${bfloat16}`, height, (row) => {
      const cast = firstOfB + vectors + (code.instructions === 'avx512' ? row % 2 : 0);
      code.vbroadcast(cast, at(RAX, 4 * row, shard ? RDX : null));
      for (let vector = 0; vector < vectors; vector++)
        multiplyAdd(code, shape, shard * second + row * vectors + vector, cast, firstOfB + vector);
    });
  }
  code.addImmediate(RAX, code.vectorBytes);
  code.addImmediate(RBX, panelStride(code));
  code.dec(R13);
  code.jump(step, 'ne');
  code.add(RAX, RDX);
  code.add(RBX, R12);
  forSums(code, 'add both', shape, (sum) => code.vadd(sum, second + sum, sum));
  mergeWaiting(code, shape, pair);
  noteLargest(code, shape);
  storeSums(code, shape);
}
