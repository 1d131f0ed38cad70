/**
 * Makes recorded calls again, one after the other, in one call of machine code: a pass of a network is the
 * same list of calls for every batch of a size, with the same addresses and sizes. An entry of the list holds
 * what JavaScript had written into the argument block (block.ts) for one call; the code copies it there and
 * calls the function. record.ts writes the lists.
 */
import type { Assembler } from './assembler.js';
import { PAIR_AREA, WORD } from './block.js';
import { ARGUMENT, enter, leave } from './convention.js';
import { at, type Label, R12, R13, R14, R15, RAX, RBX, RDX, RSI } from './encoder.js';

/**
 * The head of a list: the address of the block, of 64 bits, and the number of entries behind the head. The
 * code leaves in `largest` the bits of the largest magnitude that a gradient of the weights has stored.
 */
export const LIST = { block: 0, entries: 8, largest: 12, bytes: 64 } as const;
/**
 * The head of an entry: where its function lies, in bytes from the function that replays; the size of the
 * entry; and how many vectors it holds of the block's beginning and of the program of pairs, which follow.
 */
export const ENTRY = { function: 0, size: 4, words: 8, pairs: 12, bytes: 64 } as const;

/** The list's next entry, the block, and the entries that are left. */
const [NEXT, BLOCK, LEFT] = [RBX, R12, R13];
/** Where a copy reads and writes, and the vectors that are left of it. */
const [FROM, TO, VECTORS] = [RSI, R15, R14];

/** Writes the function, which takes the address of a list; returns where it begins. */
export function writeReplay(code: Assembler): Label {
  code.align();
  const entry = code.here();
  enter(code, NEXT);
  code.push(NEXT);
  code.mov(BLOCK, at(NEXT, LIST.block));
  code.mov32(LEFT, at(NEXT, LIST.entries));
  code.addImmediate(NEXT, LIST.bytes);
  code.vzero(0);
  code.vstore(at(BLOCK, WORD.largest), 0);
  const top = code.here();
  code.lea(FROM, at(NEXT, ENTRY.bytes));
  copyVectors(code, ENTRY.words, 0);
  copyVectors(code, ENTRY.pairs, PAIR_AREA);
  code.leaLabel(RAX, entry);
  code.movsxd(RDX, at(NEXT, ENTRY.function));
  code.add(RAX, RDX);
  code.mov(ARGUMENT, BLOCK);
  code.callRegister(RAX);
  code.mov32(RAX, at(NEXT, ENTRY.size));
  code.add(NEXT, RAX);
  code.dec(LEFT);
  code.jump(top, 'ne');
  code.pop(NEXT);
  storeLargest(code);
  leave(code);
  return entry;
}

/** Stores the largest of the magnitudes that lie in the block, one for each lane. */
function storeLargest(code: Assembler): void {
  code.movImmediate(RAX, 0);
  code.movImmediate(LEFT, code.lanes);
  code.lea(FROM, at(BLOCK, WORD.largest));
  const [top, smaller] = [code.here(), code.label()];
  code.mov32(RDX, at(FROM));
  code.cmp32(RAX, RDX);
  code.jump(smaller, 'ae');
  code.mov32(RAX, RDX);
  code.place(smaller);
  code.addImmediate(FROM, 4);
  code.dec(LEFT);
  code.jump(top, 'ne');
  code.store32(at(NEXT, LIST.largest), RAX);
}

/** Copies as many vectors as a word of the entry says to an area of the block. */
function copyVectors(code: Assembler, word: number, area: number): void {
  const over = code.label();
  code.mov32(VECTORS, at(NEXT, word));
  code.test32(VECTORS, VECTORS);
  code.jump(over, 'e');
  code.lea(TO, at(BLOCK, area));
  const top = code.here();
  code.vload(0, at(FROM, 0));
  code.vstore(at(TO, 0), 0);
  code.addImmediate(FROM, code.vectorBytes);
  code.addImmediate(TO, code.vectorBytes);
  code.dec(VECTORS);
  code.jump(top, 'ne');
  code.place(over);
}
