/**
 * C[R,N] = (start) + A[R,K]·B[K,N], where B may be given as its transpose, for at most MOST_DEPTH values of
 * K: the forward product and, with w as its own transpose, the gradient of the inputs. A is copied to rows
 * that spread over the cache's sets. Then, panel by panel of B's columns, the panel is packed and multiplied
 * with all rows of A. The first tile of a panel packs it on the way, because loads that miss the cache hide
 * behind its multiplications.
 */
import type { Assembler } from './assembler.js';
import { A_COPY, PANEL_AREA, WORD } from './block.js';
import { enter, leave } from './convention.js';
import { copyA, copyPanel, copyTransposed } from './copy.js';
import {
  at,
  type Label,
  R8,
  R9,
  R10,
  R11,
  R12,
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
import { narrowA, narrowPanel } from './narrow.js';
import { rectifyTile } from './rectify.js';
import { type Bfloat16Unit, mostRows, PANEL_VECTORS, panelStride, type TileShape } from './shape.js';
import { writeAffineTile } from './tile.js';

/** A table of routines in the code, one for each height of a tile. */
export type TileTable = Label;

/** Writes the routines for all heights with `write`, and the table that leads to them. */
export function writeTiles(
  code: Assembler,
  form: Pick<TileShape, 'vectors' | 'masked'>,
  write: (shape: TileShape) => void,
): TileTable {
  const routines: Label[] = [];
  // The rows of a shorter tile are copied from those of the tallest one.
  for (let height = mostRows(code); height > 0; height--) {
    code.align();
    routines[height - 1] = code.here();
    write({ ...form, height });
  }
  code.align();
  const table = code.here();
  for (const routine of routines) code.distance(routine, table);
  return table;
}

/** Calls the routine of the tile at hand: r11 counts the tiles that are left. Changes rdx and r13. */
export function callTile(code: Assembler, table: TileTable): void {
  const low = code.label();
  code.mov32(R13, at(RDI, WORD.low));
  code.cmp32(R11, at(RDI, WORD.short));
  code.jump(low, 'be');
  code.inc(R13);
  code.place(low);
  code.leaLabel(RDX, table);
  // The table begins with height 1.
  code.movsxd(R13, at(RDX, -4, R13, 4));
  code.add(RDX, R13);
  code.callRegister(RDX);
}

/** Adds the shared memory's beginning, in r8, to the offset in a word. */
export function loadPointer(code: Assembler, register: number, word: number): void {
  code.mov32(register, at(RDI, word));
  code.add(register, R8);
}

/** Leaves the address of the shared memory's beginning in r8. */
export function loadBase(code: Assembler): void {
  code.mov32(RAX, at(RDI, WORD.self));
  code.mov(R8, RDI);
  code.sub(R8, RAX);
}

/** The routines for the tiles of a panel, in tables. */
interface PanelTiles {
  readonly full: TileTable;
  /** For a last panel of one vector, two, …, which a mask cuts. */
  readonly edges: readonly TileTable[];
}

/**
 * Writes the routines for all widths of a panel. Masks cost AVX-512 nothing, so a full panel takes those for
 * a last one, with the full mask.
 */
export function writePanelTiles(code: Assembler, write: (shape: TileShape) => void): PanelTiles {
  const edges = Array.from({ length: PANEL_VECTORS }, (_, i) =>
    writeTiles(code, { vectors: i + 1, masked: true }, write),
  );
  const full =
    code.instructions === 'avx512'
      ? edges[PANEL_VECTORS - 1]
      : writeTiles(code, { vectors: PANEL_VECTORS, masked: false }, write);
  return { full, edges };
}

/** Sets the mask for a full panel where its routines take one. */
export function setFullMask(code: Assembler): void {
  if (code.instructions === 'avx512') code.setMask(at(RDI, WORD.fullMask));
}

/**
 * Goes over the panels of B: r12 counts the whole ones.
 * @param whole writes what is done for one of them
 * @param next writes how to move on from it
 * @param edge writes what is done for a last panel of one vector, two, …, if there is one
 */
export function writePanels(
  code: Assembler,
  whole: () => void,
  next: () => void,
  edge: (vectors: number) => void,
): void {
  const [cut, end] = [code.label(), code.label()];
  code.mov32(R12, at(RDI, WORD.panels));
  code.test32(R12, R12);
  code.jump(cut, 'e');
  const panel = code.here();
  whole();
  next();
  code.dec(R12);
  code.jump(panel, 'ne');
  code.place(cut);
  for (let vectors = 1; vectors <= PANEL_VECTORS; vectors++) {
    const other = code.label();
    code.cmpImmediate(at(RDI, WORD.edge), vectors);
    code.jump(other, 'ne');
    edge(vectors);
    code.jump(end);
    code.place(other);
  }
  code.place(end);
}

/** The routines that both functions call. */
interface AffineTiles extends PanelTiles {
  /** Those that pack a full panel on the way; in bfloat16 there are none. */
  readonly packing: TileTable | null;
}

export const writeAffineTiles = (code: Assembler): AffineTiles => ({
  ...writePanelTiles(code, (shape) => writeAffineTile(code, shape, false)),
  packing: writeTiles(code, { vectors: PANEL_VECTORS, masked: false }, (shape) =>
    writeAffineTile(code, shape, true),
  ),
});

export const writeNarrowAffineTiles = (code: Assembler): AffineTiles => ({
  ...writePanelTiles(code, (shape) => writeAffineTile(code, { ...shape, bfloat16: true }, false)),
  packing: null,
});

/** Writes the function; returns where it begins. */
export function writeAffine(
  code: Assembler,
  { full, edges, packing }: AffineTiles,
  transposed: boolean,
): Label {
  const bfloat16 = packing ? null : 'avx512_bf16';
  const pack = (vectors: number, narrow: boolean) => {
    if (transposed) return packTransposed(code, vectors, narrow, bfloat16);
    if (narrow) code.setMask(at(RDI, WORD.columnMask));
    code.mov(RBX, RSI);
    if (bfloat16) return narrowPanel(code, vectors, narrow, bfloat16);
    code.mov32(R13, at(RDI, WORD.depth));
    code.lea(R14, at(RDI, PANEL_AREA));
    copyPanel(code, vectors, narrow);
  };

  const compute = (table: TileTable, vectors: number, masked: boolean) => {
    if (bfloat16) return callTile(code, table);
    code.push(RBP);
    callTile(code, table);
    code.pop(RDX);
    rectifyTile(code, vectors, masked, transposed);
  };
  /** Computes the r11 tiles that are left of a packed panel. */
  const loop = (table: TileTable, vectors: number, masked: boolean) => {
    const top = code.here();
    code.lea(RBX, at(RDI, PANEL_AREA));
    compute(table, vectors, masked);
    code.dec(R11);
    code.jump(top, 'ne');
  };

  code.align();
  const entry = code.here();
  enter(code, RDI);
  loadBase(code);
  loadPointer(code, RBX, WORD.a);
  if (bfloat16) narrowA(code, bfloat16);
  else copyA(code);
  loadOperands(code);

  const whole = () => {
    if (transposed || !packing) pack(PANEL_VECTORS, false);
    setFullMask(code);
    beginTiles(code);
    if (transposed || !packing) return loop(full, PANEL_VECTORS, false);
    const over = code.label();
    code.mov(RBX, RSI);
    code.lea(R14, at(RDI, PANEL_AREA));
    compute(packing, PANEL_VECTORS, false);
    code.dec(R11);
    code.jump(over, 'e');
    loop(full, PANEL_VECTORS, false);
    code.place(over);
  };
  const edge = (vectors: number) => {
    pack(vectors, true);
    code.setMask(at(RDI, WORD.columnMask));
    beginTiles(code);
    loop(edges[vectors - 1], vectors, true);
  };
  writePanels(code, whole, () => nextPanel(code, transposed), edge);
  leave(code);
  return entry;
}

/** Loads the addresses of B and the bias, the strides of C and B, and the address of C in place of r8. */
export function loadOperands(code: Assembler): void {
  loadPointer(code, RSI, WORD.b);
  loadPointer(code, RCX, WORD.bias);
  code.mov32(R9, at(RDI, WORD.cStride));
  code.mov32(R10, at(RDI, WORD.bStride));
  code.mov32(RAX, at(RDI, WORD.c));
  code.add(R8, RAX);
}

/** Moves on by a panel: C in r8, the bias in rcx, and B in rsi, whose rows are r10 bytes apart. */
export function nextPanel(code: Assembler, transposed: boolean): void {
  code.addImmediate(R8, panelStride(code));
  code.addImmediate(RCX, panelStride(code));
  if (transposed) {
    for (let row = 0; row < PANEL_VECTORS * code.lanes; row++) code.add(RSI, R10);
  } else code.addImmediate(RSI, panelStride(code));
}

/** Points at the panel's first tile: of C in rbp, of A in r15; r11 counts the tiles. */
export function beginTiles(code: Assembler): void {
  code.mov(RBP, R8);
  code.lea(R15, at(RDI, A_COPY));
  code.mov32(R11, at(RDI, WORD.tiles));
}

/** Packs a panel from the transpose of B at rsi, and keeps rcx as it is. */
export function packTransposed(
  code: Assembler,
  vectors: number,
  narrow: boolean,
  bfloat16: Bfloat16Unit | null,
): void {
  code.push(RCX);
  if (narrow) code.mov32(R12, at(RDI, WORD.edgeColumns));
  copyTransposed(code, RSI, PANEL_AREA, vectors, narrow ? R12 : null, bfloat16);
  code.pop(RCX);
}
