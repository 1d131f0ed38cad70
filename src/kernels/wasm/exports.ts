/** Declares what assembly/index.ts exports. Pointers are byte offsets into the memory; 0 stands for null. */
import type { StepName } from '../steps.js';

/** The enumerations by which the assembly numbers its functions. */
export type EnumName = 'Activation' | 'Divergence' | 'ClassDivergence';

/** The functions of a module, and its enumerations: each member is a global. */
export interface WasmExports extends Record<StepName, (...numbers: number[]) => void> {
  readonly [member: `${EnumName}.${string}`]: { readonly value: number };
  setScratch(ptr: number): void;
  affine(z: number, x: number, w: number, b: number, R: number, K: number, N: number): void;
  affineInputGradient(dx: number, dz: number, w: number, R: number, K: number, N: number): void;
  affineWeightGradient(
    dw: number,
    x: number,
    dz: number,
    shards: number,
    K: number,
    N: number,
    continued: boolean,
  ): void;
  columnSums(db: number, dz: number, shards: number, N: number, continued: boolean): void;
  activate(code: number, y: number, z: number, count: number, p: number): void;
  activateBackward(
    code: number,
    dz: number,
    dy: number,
    z: number,
    y: number,
    count: number,
    p: number,
  ): void;
  softmax(y: number, z: number, R: number, N: number): void;
  softmaxBackward(dz: number, dy: number, y: number, R: number, N: number): void;
  logSoftmax(y: number, z: number, R: number, N: number): void;
  logSoftmaxBackward(dz: number, dy: number, y: number, R: number, N: number): void;
  scale(y: number, x: number, count: number, factor: number): void;
  multiply(y: number, a: number, b: number, count: number): void;
  multiplyDifference(y: number, d: number, a: number, b: number, count: number): void;
  scaleColumns(y: number, x: number, a: number, R: number, N: number): void;
  mixColumns(y: number, x: number, f: number, a: number, R: number, N: number): void;
  periodic(...pointersAndSizes: number[]): void;
  periodicGradients(...pointersAndSizes: number[]): void;
  periodicInputGradient(...pointersAndSizes: number[]): void;
  divergence(
    code: number,
    losses: number,
    dy: number,
    y: number,
    d: number,
    R: number,
    N: number,
    p: number,
  ): void;
  uniform(u: number, R: number, N: number, k0: number, k1: number, row0: number, layer: number): void;
  permute(order: number, count: number, k0: number, k1: number, counter: number): void;
  scaleBytes(x: number, count: number, shift: number, scale: number): void;
  add(dst: number, src: number, count: number): void;
  allFinite(a: number, count: number, headroom: number): number;
  sumOfSquares(a: number, count: number): number;
  sumFloats(values: number, from: number, to: number, start: number): number;
  sumDoubles(values: number, from: number, to: number, start: number): number;
  countRight(y: number, classes: number, from: number, to: number, N: number, threshold: number): number;
  fillRows(z: number, b: number, R: number, N: number): void;
  addStack(bottom: number, top: number, between: number, stride: number, count: number): void;
  toBfloat16(dst: number, src: number, count: number): void;
  roundToBfloat16(dst: number, src: number, count: number): void;
}
