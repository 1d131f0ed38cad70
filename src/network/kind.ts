/** What a kind of layer is: the terms of the catalogue in kinds.ts. */
import { z } from 'zod';
import type { Layer } from './layer.js';

/** A layer's name, alone or with its argument: 'relu', { dense: 128 }, { leakyRelu: { slope: 0.1 } }. */
export type LayerSpec = string | { readonly [kind: string]: unknown };

/** What a layer is built on. */
export interface Build {
  /** the width of its input */
  readonly inputs: number;
  /** throws UsageError naming the layer */
  fail(message: string): never;
  /** builds a branch, on this layer's input unless told otherwise */
  layers(specs: readonly LayerSpec[], width?: number, part?: string): Layer[];
}

export interface LayerKind<Argument = never> {
  readonly formula: string;
  readonly torch: string;
  readonly argument: z.ZodObject;
  /** the key that a bare value stands for: {dense: 128} */
  readonly shorthand?: string;
  /** arguments that show what it can do, each valid on EXAMPLE_INPUTS inputs: what gradcheck and the tests build */
  readonly examples: readonly unknown[];
  /** it takes category codes from the network's input, so it comes first */
  readonly onInput?: true;
  /** it has no derivative where its inputs are 0 or equal, and takes a subgradient there */
  readonly kinked?: true;
  build(argument: Argument, build: Build): Layer;
}

/** The width on which every example is valid. */
export const EXAMPLE_INPUTS = 6;

/** Ties the argument's schema to the argument that `build` takes. */
export function kind<Shape extends z.ZodRawShape>(
  shape: Shape,
  rest: Omit<LayerKind<z.output<z.ZodObject<Shape, z.core.$strict>>>, 'argument' | 'examples'> &
    Partial<Pick<LayerKind, 'examples'>>,
): LayerKind {
  return { argument: z.strictObject(shape), examples: [undefined], ...rest } as unknown as LayerKind;
}
