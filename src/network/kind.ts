/** The terms in which kinds.ts describes each kind of layer. */
import { z } from 'zod';
import type { Layer } from './layer.js';

/** A layer as a configuration file may spell it, before its name and its argument are checked. */
export type UncheckedLayer = string | { readonly [kind: string]: unknown };

export const uncheckedLayers = z.array(z.union([z.string(), z.record(z.string(), z.unknown())]));

/** How many times the learning rate of the others a layer's parameters have. */
export const rate = z.number().positive().default(1);

declare const LAYERS: unique symbol;
/** A list of layers in an argument; `LayerSpec` puts itself in its place. */
export interface Branch extends ReadonlyArray<UncheckedLayer> {
  readonly [LAYERS]: true;
}

/** Tells a layer that is being built what it stands on. */
export interface Build {
  /** The width of its input. */
  readonly inputs: number;
  /** Throws UsageError naming the layer. */
  fail(message: string): never;
  /** Builds a branch, on this layer's input unless told otherwise. */
  layers(specs: readonly UncheckedLayer[], width?: number, part?: string): Layer[];
}

/** Describes a kind of layer: its argument, how it is built, and what `gradpool list` says of it. */
export interface LayerKind<Argument = never> {
  readonly formula: string;
  readonly torch: string;
  readonly argument: z.ZodObject;
  /** The key that a bare value stands for: {dense: 128} is {dense: {units: 128}}. */
  readonly shorthand?: string;
  /**
   * Arguments that show what it can do, each valid on EXAMPLE_INPUTS inputs: gradcheck and the tests build
   * them.
   */
  readonly examples: readonly unknown[];
  /** Set if it has no derivative where its inputs are 0 or equal, and takes a subgradient there. */
  readonly kinked?: true;
  build(argument: Argument, build: Build): Layer;
}

/** The number of inputs on which every example is valid. */
export const EXAMPLE_INPUTS = 6;

/** Defines a kind of layer; the types tie the argument that `build` takes to the argument's schema. */
export function kind<Shape extends z.ZodRawShape, Short extends keyof Shape & string = never>(
  shape: Shape,
  rest: Omit<LayerKind<z.output<z.ZodObject<Shape, z.core.$strict>>>, 'argument' | 'examples' | 'shorthand'> &
    Partial<Pick<LayerKind, 'examples'>> & { readonly shorthand?: Short },
): TypedKind<Spelling<Shape, Short>> {
  return { argument: z.strictObject(shape), examples: [undefined], ...rest } as unknown as LayerKind;
}

declare const ARGUMENT: unique symbol;
/** A kind of layer that knows at compile time how its argument may be spelt. */
export interface TypedKind<Argument> extends LayerKind {
  readonly [ARGUMENT]?: Argument;
}

/** The spellings of an argument: its keys, or the value of one of them; null where it has no keys. */
type Spelling<Shape extends z.ZodRawShape, Short extends keyof Shape> = keyof Shape extends never
  ? null
  : z.input<z.ZodObject<Shape>> | Exclude<z.input<Shape[Short]>, undefined>;
