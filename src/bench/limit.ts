/**
 * The limit of a step: the least time that its arithmetic and the memory that it must move take on this
 * machine, from the rates that were measured in the same run. docs/bench.md has the formula.
 */

import { Arena, allocateShared, measure } from '../kernels/arena.js';
import { instantiateKernels, scratchBytes } from '../kernels/load.js';
import type { ProductSetup } from '../kernels/speed.js';
import type { Trainer } from '../train/trainer.js';
import type { LimitPoint, Strong } from './report.js';

/** Bytes of a float32 number. */
const FLOAT = 4;

/** Holds the sizes on which the work of a step depends. */
interface StepSizes {
  /** B, the rows of a batch. */
  readonly rows: number;
  /** K, the inputs of the network. */
  readonly inputs: number;
  /** P */
  readonly parameters: number;
  /** s, the arrays as long as the parameters that the update rule keeps, such as a velocity. */
  readonly slots: number;
  readonly flopsPerRow: number;
}

/** Holds what a step has to do. */
interface StepWork {
  /** Floating-point operations of the matrix products. */
  readonly flops: number;
  /** Bytes that are read or written outside the products; a byte that is read and written counts twice. */
  readonly bytes: number;
  /** Bytes of memory in which they lie; each counts once. */
  readonly memory: number;
}

/**
 * Counts the work of a step of as many threads as there are workers. Outside the products, which read and
 * write their operands within the time that the peak gives them, a step cannot do without reading its rows
 * (B·K), reading the gradient that each of p threads has summed (p·P), and reading and writing the weights
 * and the slots (2·(1 + s)·P).
 */
export function stepWork(sizes: StepSizes, workers: number): StepWork {
  const { rows, inputs, parameters, slots, flopsPerRow } = sizes;
  const threads = Math.max(1, workers);
  return {
    flops: rows * flopsPerRow,
    bytes: FLOAT * (rows * inputs + (threads + 2 * (1 + slots)) * parameters),
    memory: FLOAT * (rows * inputs + (threads + 1 + slots) * parameters),
  };
}

/** Returns the sizes of a trainer's step. */
export function stepSizes(
  { plan, memory }: Pick<Trainer, 'plan' | 'memory'>,
  flopsPerRow: number,
): StepSizes {
  return {
    rows: plan.config.batch as number,
    inputs: plan.layers[0].inputs,
    parameters: memory.layout.count,
    slots: memory.slots.length,
    flopsPerRow,
  };
}

/** Holds the measured rates of a number of workers: GFLOP/s, and GB/s of a working set of the step's size. */
export interface Rates {
  readonly gflops: number;
  readonly gigabytes: number;
}

/**
 * Computes the limit for each number of workers, and the share of it that the steps of strong scaling reach.
 */
export function limitPoints(
  sizes: StepSizes,
  rates: ReadonlyMap<number, Rates>,
  strong: Pick<Strong, 'points'> | null,
): LimitPoint[] {
  return [...rates].map(([workers, { gflops, gigabytes }]) => {
    const { flops, bytes } = stepWork(sizes, workers);
    const products = flops / gflops / 1e9;
    const moves = bytes / gigabytes / 1e9;
    const seconds = products + moves;
    const measured = strong?.points.find((point) => point.workers === workers);
    const share = measured ? seconds / measured.step.value : null;
    return { workers, flops, bytes, gflops, gigabytes, products, moves, seconds, share };
  });
}

/** Larger arrays outgrow every cache anyway. */
const MOST_FLOATS = 2 ** 24;
const FEWEST_FLOATS = 64;
/** Bytes that are moved between two looks at the clock, which takes as long as moving a few thousand. */
const BYTES_A_LOOK = 2 ** 20;

/** An addition a += b on memory of its own, which can be repeated. */
export interface RepeatedAddition {
  readonly add: () => void;
  /** Bytes that one addition moves: it reads a and b, and writes a. */
  readonly bytes: number;
}

/** Prepares an addition of two arrays that fill `bytes` together. */
export function vectorAddition({ name, module, library }: ProductSetup, bytes: number): RepeatedAddition {
  const floats = Math.ceil(bytes / 2 / FLOAT);
  const length = Math.min(MOST_FLOATS, Math.max(FEWEST_FLOATS, floats));
  const carve = (arena: Arena) => ({
    scratch: arena.reserve(scratchBytes(name)),
    // Memory that nobody has written is one page of zeros for the system, and would be read from the cache.
    a: arena.floats(length).fill(0.5),
    b: arena.floats(length).fill(0.25),
  });
  const memory = allocateShared(measure(carve), Number.POSITIVE_INFINITY);
  const { scratch, a, b } = carve(new Arena(memory.buffer));
  const kernels = instantiateKernels({ name, module, memory, scratch, library });
  return { add: () => kernels.add(a, b, length), bytes: 3 * FLOAT * length };
}

/** Repeats the addition until `seconds` are over, and returns GB/s. */
export function additionRate({ add, bytes }: RepeatedAddition, seconds: number): number {
  const atOnce = Math.ceil(BYTES_A_LOOK / bytes);
  const begin = performance.now();
  let elapsed = 0;
  let additions = 0;
  do {
    for (let count = 0; count < atOnce; count++) add();
    additions += atOnce;
    elapsed = performance.now() - begin;
  } while (elapsed < 1000 * seconds);
  return (additions * bytes) / elapsed / 1e6;
}
