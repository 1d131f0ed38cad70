/**
 * Products of bfloat16 by AMX, whose instruction multiplies two tile registers and adds to a third: 16 rows
 * of A with 16 pairs of numbers each, and 16 rows of such pairs of B with 16 columns (amxtile.ts). Operands
 * are rounded while they are copied, as for AVX512_BF16. A panel is packed before its tiles are computed.
 */
import {
  beginTiles,
  loadBase,
  loadOperands,
  loadPointer,
  nextPanel,
  packTransposed,
  writePanels,
} from './affine.js';
import { copyTransposedPairs } from './amxcopy.js';
import { affineTile, BLOCK_ROWS, gradientTile, rowsOfTile, type TilePart, WHOLE } from './amxtile.js';
import type { Assembler } from './assembler.js';
import { WORD } from './block.js';
import { enter, leave } from './convention.js';
import { at, type Label, R8, R9, R10, R11, R13, RAX, RBX, RCX, RDI, RSI } from './encoder.js';
import { loadProgramEnd, nextColumns } from './gradient.js';
import { narrowA, narrowPanel, narrowShardPanel } from './narrow.js';
import { PANEL_VECTORS } from './shape.js';

/** Begins a function: loads the memory's beginning into r8, and the sizes of the tile registers. */
function begin(code: Assembler): Label {
  code.align();
  const entry = code.here();
  enter(code, RDI);
  loadBase(code);
  code.loadTileSizes(at(RDI, WORD.tileSizes));
  return entry;
}

/** Ends a function. Registers that are given up need not be saved when threads take turns. */
function end(code: Assembler, entry: Label): Label {
  code.releaseTiles();
  leave(code);
  return entry;
}

/** Goes over the tiles of a packed panel; `tile` writes what is done for one of them. */
function overTiles(code: Assembler, tile: () => void): void {
  beginTiles(code);
  const top = code.here();
  tile();
  code.dec(R11);
  code.jump(top, 'ne');
}

/** Writes the forward product or, `transposed`, the gradient of the inputs; returns where it begins. */
export function writeAmxAffine(code: Assembler, transposed: boolean): Label {
  const pack = (vectors: number, narrow: boolean) => {
    if (transposed) return packTransposed(code, vectors, narrow, 'amx');
    if (narrow) code.setMask(at(RDI, WORD.columnMask));
    code.mov(RBX, RSI);
    narrowPanel(code, vectors, narrow, 'amx');
  };
  const entry = begin(code);
  loadPointer(code, RBX, WORD.a);
  narrowA(code, 'amx');
  loadOperands(code);

  const whole = () => {
    pack(PANEL_VECTORS, false);
    overTiles(code, () => {
      const [short, next] = [code.label(), code.label()];
      rowsOfTile(code);
      code.cmpImmediate(R13, BLOCK_ROWS);
      code.jump(short, 'ne');
      affineTile(code, WHOLE, transposed, true);
      code.jump(next);
      code.place(short);
      affineTile(code, WHOLE, transposed, false);
      code.place(next);
    });
  };
  const edge = (vectors: number) => {
    pack(vectors, true);
    code.setMask(at(RDI, WORD.columnMask));
    overTiles(code, () => affineTile(code, { vectors, masked: true }, transposed, false));
  };
  writePanels(code, whole, () => nextPanel(code, transposed), edge);
  return end(code, entry);
}

/** Writes the gradient of the weights; returns where it begins. */
export function writeAmxGradient(code: Assembler): Label {
  const panelOf = (part: TilePart) => {
    code.mov(RBX, RCX);
    code.mov32(R10, at(RDI, WORD.bStride));
    narrowShardPanel(code, part.vectors, part.masked, 'amx');
    overTiles(code, () => gradientTile(code, part));
  };
  const entry = begin(code);
  loadPointer(code, RBX, WORD.a);
  copyTransposedPairs(code);
  loadPointer(code, RCX, WORD.b);
  code.mov32(R9, at(RDI, WORD.cStride));
  code.mov32(RAX, at(RDI, WORD.c));
  code.add(R8, RAX);
  loadProgramEnd(code);
  const edge = (vectors: number) => {
    code.setMask(at(RDI, WORD.columnMask));
    panelOf({ vectors, masked: true });
  };
  writePanels(
    code,
    () => panelOf(WHOLE),
    () => nextColumns(code),
    edge,
  );
  return end(code, entry);
}
