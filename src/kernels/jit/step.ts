/**
 * The element-wise steps of SGD and Adam in machine code (reference/optim.ts says what they compute), the
 * last addition of the tree over the shards' gradients included, so that the parameters are gone over once.
 */
import { STEPS, type StepName } from '../steps.js';
import { loadBase, loadPointer } from './affine.js';
import type { Assembler } from './assembler.js';
import { STEP, STEP_SCALARS, WORD } from './block.js';
import { enter, leave } from './convention.js';
import { at, type Label, type MemoryOperand, R9, R10, R13, RAX, RBP, RBX, RCX, RDI, RSI } from './encoder.js';

/** How the code computes one of its scalars, in float64 and rounded once, from a scalar that is given. */
type FromGiven = 'itself' | 'negated' | 'one minus it' | 'one by it';
/** What a scalar of the code is computed from, and how. */
type FromScalar<Given = string> = readonly [given: Given, FromGiven];
type ScalarsOf<Name extends 'sgd' | 'adam'> = Readonly<
  Record<string, FromScalar<(typeof STEPS)[Name][number]>>
>;
/** The scalars of each step, by what they are computed from. */
const SGD_SCALARS = {
  scale: ['gradientScale', 'itself'],
  decay: ['weightDecay', 'itself'],
  momentum: ['momentum', 'itself'],
  rate: ['lr', 'negated'],
} as const satisfies ScalarsOf<'sgd'>;
const ADAM_SCALARS = {
  scale: ['gradientScale', 'itself'],
  decay: ['weightDecay', 'itself'],
  kept: ['shrink', 'itself'],
  beta1: ['beta1', 'itself'],
  rest1: ['beta1', 'one minus it'],
  beta2: ['beta2', 'itself'],
  rest2: ['beta2', 'one minus it'],
  rate: ['lr', 'negated'],
  share: ['gradientShare', 'itself'],
  inverse: ['root', 'one by it'],
  eps: ['eps', 'itself'],
} as const satisfies ScalarsOf<'adam'>;

/** What the code of one vector reads and writes: memory, under the mask in the last vector of an array. */
interface Vector<Scalar extends string> {
  load(register: number, array: number): void;
  store(array: number, register: number): void;
  /** Returns the memory that holds a scalar in all lanes. */
  scalar(name: Scalar): MemoryOperand;
  /** Stores numbers, and 0 for subnormal ones and −0 (reference/optim.ts). */
  storeSettled(array: number, register: number): void;
}

/** The registers that point at the arrays. */
const [WEIGHTS, GRADIENT, ADDEND, FIRST, SECOND] = [RBX, RCX, RSI, R9, R10];
/** The vector registers: all steps begin with weight and gradient in these. */
const [WEIGHT, SLOPE] = [0, 1];
/** What `storeSettled` changes. */
const [SETTLED, ZERO] = [6, 7];

/** Vectors in one turn of the loop. */
export const UNROLLED = 2;

/**
 * Writes the loop over the vectors of an array, as the block's words have them: `each` writes the code of the
 * vector that lies `ahead` vectors beyond the offset in rax. Changes rax, r13 and the mask.
 * @param together vectors in one turn of the loop
 */
export function forVectors(
  code: Assembler,
  each: (ahead: number, masked: boolean) => void,
  together: 1 | 2 = UNROLLED,
): void {
  const repeat = (word: number, vectors: number) => {
    const over = code.label();
    code.mov32(R13, at(RDI, word));
    code.test32(R13, R13);
    code.jump(over, 'e');
    const top = code.here();
    for (let ahead = 0; ahead < vectors; ahead++) each(ahead, false);
    code.addImmediate(RAX, vectors * code.vectorBytes);
    code.dec(R13);
    code.jump(top, 'ne');
    code.place(over);
  };
  code.movImmediate(RAX, 0);
  repeat(STEP.turns, together);
  if (together > 1) repeat(STEP.vectors, 1);
  const end = code.label();
  code.cmpImmediate(at(RDI, STEP.rest), 0);
  code.jump(end, 'e');
  code.setMask(at(RDI, STEP.mask));
  each(0, true);
  code.place(end);
}

/** Returns the memory that holds a given scalar, where rbp points at the first one. */
const givenAt = (name: StepName, scalar: string) =>
  at(RBP, 8 * (STEPS[name] as readonly string[]).indexOf(scalar));

/** Leaves the scalars as floats in all lanes of memory, one vector for each. Changes rax and rbp. */
function spreadScalars(code: Assembler, name: StepName, scalars: Readonly<Record<string, FromScalar>>): void {
  const [ONE, MINUS_ONE, NUMBER] = [0, 1, 2];
  loadPointer(code, RBP, STEP.scalars);
  for (const [register, whole] of [[ONE, 1] as const, [MINUS_ONE, -1] as const]) {
    code.movImmediate(RAX, whole);
    code.vzero(register);
    code.wholeToDouble(register, RAX);
  }
  Object.values(scalars).forEach(([given, computed], i) => {
    code.loadDouble(NUMBER, givenAt(name, given));
    // A product with −1 keeps the sign of 0.
    if (computed === 'negated') code.mulDouble(NUMBER, NUMBER, MINUS_ONE);
    else if (computed === 'one minus it') code.subDouble(NUMBER, ONE, NUMBER);
    else if (computed === 'one by it') code.divideDouble(NUMBER, ONE, NUMBER);
    code.roundDouble(NUMBER, NUMBER);
    code.vbroadcast(NUMBER, NUMBER);
    code.vstore(at(RDI, STEP_SCALARS + i * code.vectorBytes), NUMBER);
  });
}
/** Writes a function that runs a step over an array, whose code for one vector `body` writes. */
function writeStep<Scalar extends string>(
  code: Assembler,
  name: StepName,
  scalars: Readonly<Record<Scalar, FromScalar>>,
  body: (vector: Vector<Scalar>) => void,
): Label {
  code.align();
  const entry = code.here();
  enter(code, RDI);
  loadBase(code);
  loadPointer(code, WEIGHTS, STEP.weights);
  loadPointer(code, GRADIENT, STEP.gradient);
  loadPointer(code, ADDEND, STEP.addend);
  loadPointer(code, FIRST, STEP.first);
  loadPointer(code, SECOND, STEP.second);
  spreadScalars(code, name, scalars);
  const names = Object.keys(scalars) as Scalar[];
  const splat = (i: number) => at(RDI, STEP_SCALARS + i * code.vectorBytes);
  const vector = (ahead: number, masked: boolean) => {
    const place = (array: number) => at(array, ahead * code.vectorBytes, RAX);
    const parts: Vector<Scalar> = {
      load: (register, array) => {
        code.vloadLanes(register, place(array), masked);
      },
      store: (array, register) => {
        code.vstoreLanes(place(array), register, masked);
      },
      scalar: (name) => splat(names.indexOf(name)),
      storeSettled: (array, register) => {
        // Subnormal numbers and 0 alone have no bit of the exponent.
        const exponent = at(RDI, WORD.exponent);
        if (code.instructions === 'avx512') {
          code.vfindBits(register, exponent);
          code.vkeepFound(SETTLED, register);
          if (masked) code.setMask(at(RDI, STEP.mask));
        } else {
          code.vzero(ZERO);
          code.vand(SETTLED, register, exponent);
          code.vequalWhole(SETTLED, SETTLED, ZERO);
          code.vclear(SETTLED, SETTLED, register);
        }
        parts.store(array, SETTLED);
      },
    };
    const alone = code.label();
    parts.load(SLOPE, GRADIENT);
    code.cmpImmediate(at(RDI, STEP.addend), 0);
    code.jump(alone, 'e');
    parts.load(WEIGHT, ADDEND);
    code.vadd(SLOPE, SLOPE, WEIGHT);
    code.place(alone);
    // Every step goes along g·scale + decay·w.
    parts.load(WEIGHT, WEIGHTS);
    code.vmul(SLOPE, SLOPE, parts.scalar('scale' as Scalar));
    code.vfma(SLOPE, WEIGHT, parts.scalar('decay' as Scalar));
    body(parts);
    parts.store(WEIGHTS, WEIGHT);
  };
  forVectors(code, vector);
  leave(code);
  return entry;
}

/** w ← w + rate·v with v ← momentum·v + g; without a slot w ← w + rate·g. */
export function writeSgd(code: Assembler): Label {
  const [VELOCITY, PLAIN] = [2, 3];
  return writeStep(code, 'sgd', SGD_SCALARS, ({ load, storeSettled, scalar }) => {
    const [done, usual] = [code.label(), code.label()];
    code.cmpImmediate(at(RDI, STEP.first), 0);
    code.jump(done, 'e');
    load(VELOCITY, FIRST);
    code.vmove(PLAIN, SLOPE);
    code.vfma(SLOPE, VELOCITY, scalar('momentum'));
    storeSettled(FIRST, SLOPE);
    // The upper half of float64 1 has bits, that of 0 has none.
    const { base, offset } = givenAt('sgd', 'nesterov');
    code.cmpImmediate(at(base, offset + 4), 0);
    code.jump(usual, 'e');
    code.vfma(PLAIN, SLOPE, scalar('momentum'));
    code.vmove(SLOPE, PLAIN);
    code.place(usual);
    code.place(done);
    code.vfma(WEIGHT, SLOPE, scalar('rate'));
  });
}

/** w ← kept·w + rate·(m + share·g)/(√v·inverse + eps), with the moments m and v in the two slots. */
export function writeAdam(code: Assembler): Label {
  const [MEAN, SQUARE, ROOT, DIVISOR] = [2, 3, 4, 5];
  return writeStep(code, 'adam', ADAM_SCALARS, ({ load, storeSettled, scalar }) => {
    load(MEAN, FIRST);
    code.vmul(MEAN, MEAN, scalar('beta1'));
    code.vfma(MEAN, SLOPE, scalar('rest1'));
    load(SQUARE, SECOND);
    code.vmul(SQUARE, SQUARE, scalar('beta2'));
    code.vmul(ROOT, SLOPE, scalar('rest2'));
    code.vfma(SQUARE, ROOT, SLOPE);
    storeSettled(FIRST, MEAN);
    storeSettled(SECOND, SQUARE);
    code.vsqrt(ROOT, SQUARE);
    code.vload(DIVISOR, scalar('eps'));
    code.vfma(DIVISOR, ROOT, scalar('inverse'));
    code.vfma(MEAN, SLOPE, scalar('share'));
    code.vdivide(MEAN, MEAN, DIVISOR);
    code.vmul(WEIGHT, WEIGHT, scalar('kept'));
    code.vfma(WEIGHT, MEAN, scalar('rate'));
  });
}
