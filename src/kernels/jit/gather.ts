/**
 * Gathers the rows of a batch in machine code: floats are copied, bytes are scaled in float64 and rounded
 * once. The dataset lies outside the shared memory of the training, so its addresses are whole. While a row
 * is copied, the lines of the next one are fetched: rows lie anywhere in memory, so the processor cannot
 * foresee them.
 */
import { loadBase, loadPointer } from './affine.js';
import type { Assembler } from './assembler.js';
import { GATHER } from './block.js';
import { enter, leave } from './convention.js';
import { at, type Label, R9, R10, R11, R13, R15, RAX, RBX, RCX, RDI, RDX, RSI } from './encoder.js';

/** The dataset, the numbers of the rows, x, the stored row and the next one. */
const [NUMBERS, ROWS, X, ROW, NEXT] = [RSI, RBX, RCX, R9, RDX];
/** Bytes of the row that are done, the size of a stored row, and the rows that are left. */
const [DONE, STRIDE, LEFT] = [RAX, R10, R13];
/** Bytes of a cache line. */
const LINE = 64;
/** Bytes that one turn of the loop scales. */
export const SCALED = 16;
/** The shift and the scale in all lanes, and the first of the vectors that are scaled at once. */
const [SHIFT, SCALE, NUMBER] = [0, 1, 2];

/**
 * Writes a function that goes through the rows; `prepare` writes what it does before, `copyRow` what it does
 * to one of them.
 */
function writeGather(code: Assembler, prepare: () => void, copyRow: () => void): Label {
  code.align();
  const entry = code.here();
  enter(code, RDI);
  loadBase(code);
  loadPointer(code, X, GATHER.x);
  code.mov(NUMBERS, at(RDI, GATHER.numbers));
  code.mov(ROWS, at(RDI, GATHER.origin));
  code.mov32(DONE, at(ROWS));
  code.mov(ROWS, at(RDI, GATHER.rows));
  code.lea(ROWS, at(ROWS, 0, DONE, 4));
  code.mov32(STRIDE, at(RDI, GATHER.stride));
  code.mov32(LEFT, at(RDI, GATHER.count));
  prepare();
  place(code, NEXT, 0);
  const row = code.here();
  const last = code.label();
  code.mov(ROW, NEXT);
  code.cmpImmediate(LEFT, 1);
  code.jump(last, 'e');
  place(code, NEXT, 4);
  code.place(last);
  code.movImmediate(DONE, 0);
  copyRow();
  code.mov32(R11, at(RDI, GATHER.xStride));
  code.add(X, R11);
  code.addImmediate(ROWS, 4);
  code.dec(LEFT);
  code.jump(row, 'ne');
  leave(code);
  return entry;
}

/** Leaves the address of the row whose number stands `ahead` bytes on. */
function place(code: Assembler, register: number, ahead: number): void {
  code.mov32(register, at(ROWS, ahead));
  code.multiply(register, STRIDE);
  code.add(register, NUMBERS);
}

/** Writes a loop over as many turns as a word of the block says. */
function repeat(code: Assembler, word: number, turn: () => void): void {
  const over = code.label();
  code.mov32(R15, at(RDI, word));
  code.test32(R15, R15);
  code.jump(over, 'e');
  const top = code.here();
  turn();
  code.dec(R15);
  code.jump(top, 'ne');
  code.place(over);
}

/** Copies rows of floats. */
export function writeGatherFloats(code: Assembler): Label {
  const { vectorBytes } = code;
  const prepare = () => code.setMask(at(RDI, GATHER.mask));
  const copyRow = () => {
    const copy = (offset: number) => {
      code.vload(0, at(ROW, offset, DONE));
      code.vstore(at(X, offset, DONE), 0);
    };
    repeat(code, GATHER.turns, () => {
      code.prefetch2(at(NEXT, 0, DONE));
      for (let offset = 0; offset < LINE; offset += vectorBytes) copy(offset);
      code.addImmediate(DONE, LINE);
    });
    repeat(code, GATHER.pieces, () => {
      copy(0);
      code.addImmediate(DONE, vectorBytes);
    });
    const end = code.label();
    code.cmpImmediate(at(RDI, GATHER.rest), 0);
    code.jump(end, 'e');
    code.vloadMasked(0, at(ROW, 0, DONE));
    code.vstoreMasked(at(X, 0, DONE), 0);
    code.place(end);
  };
  return writeGather(code, prepare, copyRow);
}

/** Scales rows of bytes. */
export function writeGatherBytes(code: Assembler): Label {
  const together = code.lanes / 2;
  const vectors = Array.from({ length: SCALED / together }, (_, i) => NUMBER + i);
  const scale = (vector: number) => {
    code.vwiden(vector, vector);
    code.vsubDoubles(vector, vector, SHIFT);
    code.vmulDoubles(vector, vector, SCALE);
    code.vroundDoubles(vector, vector);
  };
  const prepare = () => {
    code.vbroadcastDouble(SHIFT, at(RDI, GATHER.shift));
    code.vbroadcastDouble(SCALE, at(RDI, GATHER.scale));
  };
  const copyRow = () => {
    repeat(code, GATHER.turns, () => {
      code.prefetch2(at(NEXT, 0, DONE));
      vectors.forEach((vector, i) => {
        code.vloadBytes(vector, at(ROW, i * together, DONE));
        scale(vector);
        code.vstoreHalf(at(X, 4 * i * together, DONE, 4), vector);
      });
      code.addImmediate(DONE, SCALED);
    });
    repeat(code, GATHER.pieces, () => {
      code.loadByte(R11, at(ROW, 0, DONE));
      code.vfromGeneral(NUMBER, R11);
      scale(NUMBER);
      code.vtoGeneral(R11, NUMBER);
      code.store32(at(X, 0, DONE, 4), R11);
      code.addImmediate(DONE, 1);
    });
  };
  return writeGather(code, prepare, copyRow);
}
