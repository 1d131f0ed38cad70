/**
 * Softmax and its cross-entropy with a class, row by row, in machine code. Operation by operation it computes
 * what the assembly of `wasm` does (assembly/softmax.ts, classes.ts and math.ts), so the bits are the same:
 * elements are computed as many at once as a vector holds, but are added up four by four.
 */
import { loadBase, loadPointer } from './affine.js';
import type { Assembler } from './assembler.js';
import { LOSS } from './block.js';
import { enter, leave } from './convention.js';
import { at, type Label, R9, R12, R15, RAX, RBX, RCX, RDI, RDX, RSI } from './encoder.js';
import { forVectors } from './step.js';

/** The logits, their gradient, the losses, the classes, the constants, and the rows that are left. */
const [LOGITS, GRADIENT, LOSSES, CLASSES, CONSTANTS, LEFT] = [RBX, RCX, RSI, R9, R12, R15];
/** The row's class, and bytes of the row that are done. */
const [CLASS, DONE] = [RDX, RAX];
/** Vector registers: numbers that become their exponentials or their logarithm, and what that changes. */
const [X, N, Y, CONSTANT] = [0, 1, 2, 3];
/** The largest logit, the sum of the exponentials, and a part of a vector. */
const [HIGHEST, SUM, PART] = [4, 5, 6];
/** The logit of the class, the lowest number, and for AVX2 that number in the lanes beyond the row. */
const [CHOSEN, LOWEST, BEYOND] = [7, 8, 9];

/** Returns the float of these bits. */
const fromBits = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0];

/** The constants that stand before the function, by name. */
const VALUES = {
  lowest: Number.NEGATIVE_INFINITY,
  none: Number.NaN,
  one: 1,
  least: -104,
  most: 89,
  inverse: Math.LOG2E,
  /** ln 2 in two parts, and less them. */
  high: 0.693359375,
  lessHigh: -0.693359375,
  low: 2.1219444e-4,
  lessLow: -2.1219444e-4,
  lessHalf: -0.5,
  exponentBias: fromBits(127),
  /** The bits of √½, and of what follows the exponent. */
  root: fromBits(0x3f3504f3),
  fraction: fromBits(0x007fffff),
} as const;
/** The coefficients of e^r − 1 and of ln(1 + f), the highest first. */
const EXPONENTIAL = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
] as const;
const LOGARITHM = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
] as const;
const NAMES = Object.keys(VALUES) as (keyof typeof VALUES)[];

/** Leaves a constant in all lanes: one by its name, or a coefficient by its number. */
function load(code: Assembler, register: number, constant: keyof typeof VALUES | number): void {
  const index = typeof constant === 'number' ? NAMES.length + constant : NAMES.indexOf(constant);
  code.vbroadcast(register, at(CONSTANTS, 4 * index));
}

/** Writes a function that computes the losses of rows and their gradients. */
export function writeCrossEntropy(code: Assembler): Label {
  code.align();
  const constants = code.here();
  code.floats(...Object.values(VALUES), ...EXPONENTIAL, ...LOGARITHM);
  code.align();
  const entry = code.here();
  enter(code, RDI);
  loadBase(code);
  loadPointer(code, LOGITS, LOSS.logits);
  loadPointer(code, GRADIENT, LOSS.gradient);
  loadPointer(code, LOSSES, LOSS.losses);
  loadPointer(code, CLASSES, LOSS.classes);
  code.leaLabel(CONSTANTS, constants);
  code.mov32(LEFT, at(RDI, LOSS.rows));
  load(code, LOWEST, 'lowest');
  if (code.instructions === 'avx2') {
    code.setMask(at(RDI, LOSS.mask));
    code.vclear(BEYOND, code.maskRegister, LOWEST);
  }
  const [row, unknown, next] = Array.from({ length: 3 }, () => code.label());
  code.place(row);
  code.floatToWhole(CLASS, at(CLASSES));
  code.cmp32(CLASS, at(RDI, LOSS.width));
  code.jump(unknown, 'ae');
  writeRow(code);
  code.jump(next);
  code.place(unknown);
  load(code, X, 'none');
  forEachVector(code, (masked) => {
    code.vstoreLanes(at(GRADIENT, 0, DONE), X, masked);
  });
  code.storeFloat(at(LOSSES), X);
  code.place(next);
  code.mov32(RAX, at(RDI, LOSS.width));
  for (const array of [LOGITS, GRADIENT]) code.lea(array, at(array, 0, RAX, 4));
  code.addImmediate(LOSSES, 4);
  code.addImmediate(CLASSES, 4);
  code.dec(LEFT);
  code.jump(row, 'ne');
  leave(code);
  return entry;
}

/** Computes log Σ e^z − z_c and, for the gradient, e^z/Σ e^z, less 1 at the class c. */
function writeRow(code: Assembler): void {
  const [logits, gradient] = [at(LOGITS, 0, DONE), at(GRADIENT, 0, DONE)];
  // The logit is read before the gradient is written, which may take its place.
  code.loadFloat(CHOSEN, at(LOGITS, 0, CLASS, 4));
  code.vmove(HIGHEST, LOWEST);
  forEachVector(code, (masked) => {
    loadLogits(code, logits, masked);
    code.vmax(HIGHEST, HIGHEST, X);
  });
  code.vmove(X, HIGHEST);
  forQuarters(code, 1, (quarter) => {
    code.vmax128(HIGHEST, HIGHEST, quarter);
  });
  fold(code, HIGHEST, (a, b) => {
    code.vmax128(HIGHEST, a, b);
  });
  code.vzero(SUM);
  forEachVector(code, (masked) => {
    loadLogits(code, logits, masked);
    code.vsub(X, X, HIGHEST);
    exponential(code);
    code.vstoreLanes(gradient, X, masked);
    // Lanes beyond the row hold 0 by now.
    forQuarters(code, 0, (quarter) => {
      code.vadd128(SUM, SUM, quarter);
    });
  });
  fold(code, SUM, (a, b) => {
    code.vadd128(SUM, a, b);
  });
  forEachVector(code, (masked) => {
    code.vloadLanes(X, gradient, masked);
    code.vdivide(X, X, SUM);
    code.vstoreLanes(gradient, X, masked);
  });
  const share = at(GRADIENT, 0, CLASS, 4);
  code.loadFloat(X, share);
  load(code, CONSTANT, 'one');
  code.subFloat(X, X, CONSTANT);
  code.storeFloat(share, X);
  logarithm(code);
  code.subFloat(CHOSEN, CHOSEN, HIGHEST);
  code.subFloat(X, X, CHOSEN);
  code.storeFloat(at(LOSSES), X);
}

/** Writes the loop over the vectors of a row. */
function forEachVector(code: Assembler, each: (masked: boolean) => void): void {
  forVectors(code, (_, masked) => each(masked), 1);
}

/** Loads logits, and the lowest number into lanes beyond the row. */
function loadLogits(code: Assembler, from: ReturnType<typeof at>, masked: boolean): void {
  if (!masked) code.vload(X, from);
  else if (code.instructions === 'avx512') {
    code.vmove(X, LOWEST);
    code.vloadMerged(X, from);
  } else {
    code.vloadMasked(X, from);
    code.vor(X, X, BEYOND);
  }
}

/** Goes through the fours of X in their order, from one on. */
function forQuarters(code: Assembler, first: 0 | 1, each: (quarter: number) => void): void {
  for (let quarter = first; quarter < code.lanes / 4; quarter++) {
    if (quarter > 0) code.vquarter(PART, X, quarter);
    each(quarter > 0 ? PART : X);
  }
}

/** Combines four lanes, first each with the one two further on, and leaves the result in all lanes. */
function fold(code: Assembler, register: number, combine: (a: number, b: number) => void): void {
  const [TWO_ON, ONE_ON] = [0b01_00_11_10, 0b10_11_00_01];
  for (const choice of [TWO_ON, ONE_ON]) {
    code.vpermute128(PART, register, choice);
    combine(register, PART);
  }
  code.vbroadcast(register, register);
}

/** Leaves in y a polynomial in x. */
function polynomial(code: Assembler, x: number, first: number, count: number): void {
  load(code, Y, first);
  for (let i = 1; i < count; i++) {
    load(code, CONSTANT, first + i);
    code.vfma(CONSTANT, Y, x);
    code.vmove(Y, CONSTANT);
  }
}

/** X becomes e^X, as `exp` of the assembly computes it. NaN stays NaN. */
function exponential(code: Assembler): void {
  load(code, CONSTANT, 'least');
  code.vmax(X, CONSTANT, X);
  load(code, CONSTANT, 'most');
  code.vmin(X, CONSTANT, X);
  load(code, CONSTANT, 'inverse');
  code.vmul(N, X, CONSTANT);
  code.vroundWhole(N, N);
  load(code, CONSTANT, 'lessHigh');
  code.vfma(X, N, CONSTANT);
  load(code, CONSTANT, 'low');
  code.vfma(X, N, CONSTANT);
  polynomial(code, X, 0, EXPONENTIAL.length);
  code.vmul(CONSTANT, X, X);
  code.vfma(X, CONSTANT, Y);
  load(code, CONSTANT, 'one');
  code.vadd(X, X, CONSTANT);
  // 2ⁿ in two factors, because n may lie beyond the exponents of floats.
  code.vtoWhole(N, N);
  code.vshiftRightSigned(Y, N, 1);
  code.vsubWhole(N, N, Y);
  load(code, CONSTANT, 'exponentBias');
  for (const exponent of [Y, N]) {
    code.vaddWhole(exponent, exponent, CONSTANT);
    code.vshiftLeft(exponent, exponent, 23);
    code.vmul(X, X, exponent);
  }
}

/** Leaves in X the logarithm of SUM, which is at least 1 or NaN, as `log` of the assembly computes it. */
function logarithm(code: Assembler): void {
  const SQUARE = PART;
  load(code, CONSTANT, 'root');
  code.vsubWhole(X, SUM, CONSTANT);
  code.vshiftRightSigned(N, X, 23);
  code.vfromWhole(N, N);
  load(code, Y, 'fraction');
  code.vand(X, X, Y);
  code.vaddWhole(X, X, CONSTANT);
  load(code, CONSTANT, 'one');
  code.vsub(X, X, CONSTANT);
  code.vmul(SQUARE, X, X);
  polynomial(code, X, EXPONENTIAL.length, LOGARITHM.length);
  code.vmul(Y, Y, X);
  code.vmul(Y, Y, SQUARE);
  load(code, CONSTANT, 'lessLow');
  code.vfma(Y, N, CONSTANT);
  load(code, CONSTANT, 'lessHalf');
  code.vfma(Y, SQUARE, CONSTANT);
  code.vadd(X, X, Y);
  load(code, CONSTANT, 'high');
  code.vfma(X, N, CONSTANT);
  // Of NaN, all this would make a number.
  code.vfindNaN(PART, SUM);
  code.vfillFound(X, PART);
}
