/** How a system calls a function, and which registers the function must leave as they were. */
import type { Assembler } from './assembler.js';
import { at, R12, R13, R14, R15, RBP, RBX, RCX, RDI, RSI, RSP } from './encoder.js';

const WINDOWS = process.platform === 'win32';
/** The register in which a function gets its argument. */
export const ARGUMENT = WINDOWS ? RCX : RDI;
/** Windows wants the lower halves of these vector registers back. */
const SAVED_VECTORS = WINDOWS ? [6, 7, 8, 9, 10, 11, 12, 13, 14, 15] : [];
const SAVED = [RBX, RBP, R12, R13, R14, R15, ...(WINDOWS ? [RDI, RSI] : [])];

/** Begins a function of one argument, which goes into `register`; all other registers may then be changed. */
export function enter(code: Assembler, register: number): void {
  code.endbr64();
  for (const saved of SAVED) code.push(saved);
  if (SAVED_VECTORS.length > 0) code.subImmediate(RSP, 16 * SAVED_VECTORS.length);
  SAVED_VECTORS.forEach((vector, i) => {
    code.vstore128(at(RSP, 16 * i), vector);
  });
  if (ARGUMENT !== register) code.mov(register, ARGUMENT);
}

/** Ends the function. */
export function leave(code: Assembler): void {
  code.vzeroupper();
  SAVED_VECTORS.forEach((vector, i) => {
    code.vload128(vector, at(RSP, 16 * i));
  });
  if (SAVED_VECTORS.length > 0) code.addImmediate(RSP, 16 * SAVED_VECTORS.length);
  for (const saved of SAVED.toReversed()) code.pop(saved);
  code.ret();
}
