/** The strips of a copy of A, one for each tile of its columns. */
import type { Assembler } from './assembler.js';
import { WORD } from './block.js';
import { at, RDI, RDX } from './encoder.js';

/**
 * Leaves the height of a strip's tile in rdx and takes the mask of its columns: the register `left` holds how
 * many tiles are left, of which the last ones are lower by one.
 */
export function stripHeight(code: Assembler, left: number): void {
  const [low, ready] = [code.label(), code.label()];
  code.mov32(RDX, at(RDI, WORD.low));
  code.cmp32(left, at(RDI, WORD.short));
  code.jump(low, 'be');
  code.inc(RDX);
  code.setMask(at(RDI, WORD.tallMask));
  code.jump(ready);
  code.place(low);
  code.setMask(at(RDI, WORD.lowMask));
  code.place(ready);
}
