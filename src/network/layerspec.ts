/**
 * The type of a layer as a program spells it, derived from the catalogue in kinds.ts: an editor offers the
 * kinds and their keys, and the compiler refuses `{ dens: 3 }`.
 */
import type { z } from 'zod';
import { type Branch, type TypedKind, uncheckedLayers } from './kind.js';
import type { LayerCatalogue } from './kinds.js';

type Argument<Kind> = Kind extends TypedKind<infer Spelling> ? Spelling : never;

/** The argument in which branches are lists of layers, and every list is readonly. */
type WithLayers<Given> = Given extends Branch
  ? readonly LayerSpec[]
  : Given extends readonly (infer Item)[]
    ? readonly WithLayers<Item>[]
    : Given extends object
      ? { readonly [Key in keyof Given]: WithLayers<Given[Key]> }
      : Given;

type WithArgument = {
  [Name in keyof LayerCatalogue]: { readonly [Key in Name]: WithLayers<Argument<LayerCatalogue[Name]>> };
};

/** The kinds whose argument may be left out. */
type NameAlone = {
  [Name in keyof LayerCatalogue]: NonNullable<unknown> extends Argument<LayerCatalogue[Name]>
    ? Name
    : null extends Argument<LayerCatalogue[Name]>
      ? Name
      : never;
}[keyof LayerCatalogue];

/**
 * A layer by its name, alone or with its argument: 'relu', { dense: 128 }, { leakyRelu: { slope: 0.1 } },
 * { residual: [{ dense: 64 }, 'tanh'] }.
 */
export type LayerSpec = NameAlone | WithArgument[keyof LayerCatalogue];

/**
 * Reads a list of layers from a file or a program. Names and arguments are checked when the layers are built.
 */
export const layersSchema = uncheckedLayers as unknown as z.ZodType<LayerSpec[], LayerSpec[]>;
