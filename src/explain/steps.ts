/**
 * What a lecture writes on the board, one computation at a time: the forward pass, the divergence, and the
 * backward pass in the lecture's order. The page of `explain --html` plays these steps, and `explain --json`
 * prints them; nobody else computes anything that they show.
 */
import type { Influence } from './influence.js';
import type { Judgement } from './verdict.js';

/** A number that a step puts in. */
export interface Factor {
  /** The printed form: w_12(1), ∂Div/∂z_1(2). */
  readonly name: string;
  readonly value: number;
}

/** The ends of an edge: the ids of two nodes. */
export type Ends = readonly [from: number, to: number];

/** What a step reads or writes in the drawing. */
export interface Marks {
  /** Nodes whose value it is about. */
  readonly values: readonly number[];
  /** Nodes whose ∂Div it is about. */
  readonly derivatives: readonly number[];
  readonly edges: readonly Ends[];
}

/** One computation with one result. */
export interface Step {
  /** What it computes: z_1(2), or ∂Div/∂z_1(2). */
  readonly name: string;
  /** The stage that it belongs to, as its index. */
  readonly stage: number;
  /** The right side of its formula. */
  readonly formula: string;
  /**
   * The numbers put in: products whose sum is the result; where `of` names a function, its arguments.
   */
  readonly terms: readonly (readonly Factor[])[];
  readonly of: string | null;
  readonly result: number;
  /** How a derivative compares with its difference quotient; null where nothing is compared. */
  readonly check: Judgement | null;
  /** What is special here: a kink and the subgradient taken, a tie, an estimate. */
  readonly notes: readonly string[];
  readonly reads: Marks;
  readonly writes: Marks;
}

/** A step before it is known which stage it belongs to. */
export type Unplaced = Omit<Step, 'stage'>;

/** The Jacobian of a vector activation: [j][i] is the derivative of output j by input i. */
export interface JacobianGrid {
  readonly outputs: readonly string[];
  readonly inputs: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

/** Steps that belong together: one vector, or the weights of one layer. */
export interface StepStage {
  /** What it computes: z(1), ∂Div/∂w(2). */
  readonly name: string;
  readonly pass: 'forward' | 'divergence' | 'backward';
  /** What kind of computation it is, in words. */
  readonly rule: string;
  /** How many of its numbers are left out, as they are too many or too small. */
  readonly left: number;
  readonly jacobian: JacobianGrid | null;
}

/** Finds a parameter: the name of its array in the layout, and its index there. */
export interface ParameterPlace {
  readonly array: string;
  readonly index: number;
}

/** A number that may be changed to see what follows. */
export interface Changeable {
  readonly name: string;
  /** As a user writes it: w[1][1,2], x3. */
  readonly key: string;
  readonly value: number;
  /** ∂Div by it. */
  readonly derivative: number;
  /** The input that it is, or the edge whose weight it is; null for other parameters. */
  readonly at: { readonly node: number } | { readonly edge: Ends } | null;
  /** The derivatives of the nodes that it acts on first, by it. */
  readonly first: readonly (readonly [node: number, derivative: number])[];
  readonly place: { readonly input: number } | { readonly parameter: ParameterPlace };
}

/** Says which layer computes a node: its path in the list of layers, such as '2.0.', and the unit. */
export interface NodePlace {
  readonly path: string;
  readonly unit: number;
}

/** A drawing with the steps that are played on it. */
export interface View {
  readonly name: string;
  readonly graph: Influence;
  /** For each node of the graph; null for x, for constants, for Div and for sums of what is left out. */
  readonly places: readonly (NodePlace | null)[];
  readonly stages: readonly StepStage[];
  readonly steps: readonly Step[];
  readonly changeable: readonly Changeable[];
  /** What the drawing leaves out, in whole sentences. */
  readonly left: readonly string[];
}

export const NO_MARKS: Marks = { values: [], derivatives: [], edges: [] };

/** Writes the derivative of Div by a variable. */
export const byName = (variable: string): string => `∂Div/∂${variable}`;
