/**
 * ReLU within the products, tile by tile, while its numbers are in the first cache: a forward product becomes
 * max(z, 0), and a gradient of inputs that ReLU has made is multiplied by its slope, 1 above 0 and else 0.
 * The bits are those of `wasm`, NaN and −0 included.
 */
import type { Assembler } from './assembler.js';
import { WORD } from './block.js';
import { at, R9, R13, RAX, RBP, RDI, RDX } from './encoder.js';

/** Registers of a vector's numbers, and of constants. */
const [NUMBERS, SLOPES, ONE, LARGE, LARGER, ZERO] = [0, 1, 2, 3, 4, 5];

/**
 * Rectifies the tile of C from rdx to rbp, with rows r9 apart, if the block says so. Changes rax, rdx and
 * r13.
 * @param slopes whether numbers are multiplied by slopes; the outputs of ReLU lie as the numbers of C do
 */
export function rectifyTile(code: Assembler, vectors: number, masked: boolean, slopes: boolean): void {
  const over = code.label();
  code.cmpImmediate(at(RDI, WORD.rectified), 0);
  code.jump(over, 'e');
  if (slopes) {
    // How far the outputs lie from C.
    code.mov32(RAX, at(RDI, WORD.outputs));
    code.mov32(R13, at(RDI, WORD.c));
    code.sub(RAX, R13);
    code.vbroadcast(ONE, at(RDI, WORD.one));
    code.vbroadcast(LARGE, at(RDI, WORD.large));
    code.vbroadcast(LARGER, at(RDI, WORD.larger));
  } else code.vzero(ZERO);
  const row = code.here();
  for (let vector = 0; vector < vectors; vector++) {
    const cut = masked && vector === vectors - 1;
    const offset = vector * code.vectorBytes;
    const place = at(RDX, offset);
    code.vloadLanes(NUMBERS, place, cut);
    if (slopes) {
      code.vloadLanes(SLOPES, at(RDX, offset, RAX), cut);
      multiplyBySlopes(code);
    } else {
      code.vmax(NUMBERS, ZERO, NUMBERS);
      // The larger of 0 and −0 is −0 here; this makes it 0.
      code.vadd(NUMBERS, NUMBERS, ZERO);
    }
    code.vstoreLanes(place, NUMBERS, cut);
  }
  code.add(RDX, R9);
  code.cmp(RDX, RBP);
  code.jump(row, 'ne');
  code.place(over);
}

/**
 * Multiplies numbers by slopes, which follow from ReLU's outputs: these are at least 0 or NaN, and those
 * above 0 become 1, however small they are.
 */
function multiplyBySlopes(code: Assembler): void {
  code.vmul(SLOPES, SLOPES, LARGE);
  code.vmul(SLOPES, SLOPES, LARGER);
  code.vmin(SLOPES, ONE, SLOPES);
  code.vmul(NUMBERS, NUMBERS, SLOPES);
}
