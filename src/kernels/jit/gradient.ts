/**
 * C[K,N] = the tree over the shards of Σ Aᵀ·B over their rows, with A[R,K] and B[R,N], for at most MOST_DEPTH
 * values of K: the gradient of the weights. A tile's sums of all shards are added up, in registers and on a
 * stack that stays in the first cache, before the tile is stored, so that C is written once.
 */

import {
  callTile,
  loadBase,
  loadPointer,
  setFullMask,
  type TileTable,
  writePanels,
  writePanelTiles,
  writeTiles,
} from './affine.js';
import type { Assembler } from './assembler.js';
import { A_COPY, PAIR_AREA, PANEL_AREA, PROGRAM_AREA, WORD } from './block.js';
import { enter, leave } from './convention.js';
import { copyPanel, copyStrips } from './copy.js';
import { at, type Label, R8, R9, R10, R11, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RSI } from './encoder.js';
import { narrowShardPanel, narrowStrips } from './narrow.js';
import { writePairedTile } from './pair.js';
import { PANEL_VECTORS, panelStride } from './shape.js';
import { writeGradientTile } from './tile.js';

/** Writes the function; returns where it begins. */
export function writeGradient(code: Assembler, bfloat16: boolean): Label {
  const { full, edges } = writePanelTiles(code, (shape) => writeGradientTile(code, { ...shape, bfloat16 }));
  const pairs = writeTiles(code, { vectors: PANEL_VECTORS, masked: false }, (shape) =>
    writePairedTile(code, { ...shape, bfloat16 }),
  );
  const panelOf = (table: TileTable, vectors: number, masked: boolean) =>
    writePanel(code, table, vectors, masked, bfloat16);

  code.align();
  const entry = code.here();
  enter(code, RDI);
  loadBase(code);
  loadPointer(code, RBX, WORD.a);
  if (bfloat16) narrowStrips(code);
  else copyStrips(code);
  loadPointer(code, RCX, WORD.b);
  code.mov32(R9, at(RDI, WORD.cStride));
  code.mov32(RAX, at(RDI, WORD.c));
  code.add(R8, RAX);
  setFullMask(code);
  const whole = () => {
    const [single, after] = [code.label(), code.label()];
    code.mov32(RSI, at(RDI, WORD.pairBytes));
    code.test32(RSI, RSI);
    code.jump(single, 'e');
    code.lea(RSI, at(RDI, PAIR_AREA, RSI));
    panelOf(pairs, PANEL_VECTORS, false);
    code.jump(after);
    code.place(single);
    loadProgramEnd(code);
    panelOf(full, PANEL_VECTORS, false);
    code.place(after);
  };
  const edge = (vectors: number) => {
    loadProgramEnd(code);
    code.setMask(at(RDI, WORD.columnMask));
    panelOf(edges[vectors - 1], vectors, true);
  };
  writePanels(code, whole, () => nextColumns(code), edge);
  leave(code);
  return entry;
}

/** Moves on by a panel: C in r8, and B in rcx. */
export function nextColumns(code: Assembler): void {
  code.addImmediate(R8, panelStride(code));
  code.addImmediate(RCX, panelStride(code));
}

/** Leaves the end of the shards' program in rsi. */
export function loadProgramEnd(code: Assembler): void {
  code.mov32(RSI, at(RDI, WORD.programBytes));
  code.lea(RSI, at(RDI, PROGRAM_AREA, RSI));
}

/** Packs the panel of B at rcx and computes its tiles, which go to C at r8. */
function writePanel(
  code: Assembler,
  table: TileTable,
  vectors: number,
  masked: boolean,
  bfloat16: boolean,
): void {
  code.mov(RBX, RCX);
  code.mov32(R10, at(RDI, WORD.bStride));
  if (bfloat16) narrowShardPanel(code, vectors, masked, 'avx512_bf16');
  else {
    code.mov32(R13, at(RDI, WORD.rows));
    code.lea(R14, at(RDI, PANEL_AREA));
    copyPanel(code, vectors, masked);
  }
  code.mov(RBP, R8);
  code.lea(R15, at(RDI, A_COPY));
  code.mov32(R11, at(RDI, WORD.tiles));
  const top = code.here();
  code.lea(RBX, at(RDI, PANEL_AREA));
  code.lea(R14, at(RDI, PROGRAM_AREA));
  callTile(code, table);
  code.dec(R11);
  code.jump(top, 'ne');
}
