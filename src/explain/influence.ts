/**
 * Builds the influence diagram (lecture, section 1). Nodes are variables with their values; an edge carries
 * the local derivative of its end by its beginning. ∂Div/∂node is the sum, over all paths from the node to
 * Div, of the products of their edges. This is the distributed chain rule, and backpropagation is the way to
 * compute it.
 */
import type { FloatArray } from '../kernels/kernels.js';
import type { BoundSequence, Layer, LayerArrays, Pass } from '../network/layer.js';
import type { Instance } from './instance.js';
import { lectureLayers, type Variable } from './names.js';

/** A node is a variable: an input, a unit or Div. */
export interface Node {
  readonly id: number;
  /** The printed form: z_1(2). */
  readonly name: string;
  readonly kind: 'input' | 'bias' | 'z' | 'y' | 'divergence' | 'rest';
  readonly value: number;
  /** ∂Div/∂node, as the sum over all paths. */
  readonly derivative: number;
}

/** An edge carries the derivative of node `to` by node `from`. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly derivative: number;
}

/** A block holds the edges between two layers of nodes. */
export interface Block {
  readonly label: string;
  /**
   * Whether each end depends on one beginning alone, by parallel arrows. Otherwise the block is bipartite.
   */
  readonly scalar: boolean;
  readonly edges: readonly Edge[];
}

/** Describes an influence diagram. */
export interface Influence {
  readonly nodes: readonly Node[];
  readonly blocks: readonly Block[];
  /** Nodes of the inputs. */
  readonly inputs: readonly number[];
  /** Node of Div. */
  readonly end: number;
}

/** Holds a layer, which may lie inside a composite one, with the nodes of its outputs. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly arrays: LayerArrays;
  readonly outputs: readonly number[];
}

/** Holds a diagram with its layers, by the prefix of their parameters in the layout, such as '2.0.'. */
export interface PlacedInfluence {
  readonly graph: Influence;
  readonly layers: ReadonlyMap<string, PlacedLayer>;
}

/** Builds the diagram of an instance of one row. Its gradient arrays are overwritten. */
export function influence(
  instance: Instance,
  outputGradient: ArrayLike<number>,
  divergence: number,
): PlacedInfluence {
  instance.loss();
  const builder = new Builder(instance.pass);
  const { network } = instance;
  const inputs = Array.from(network.input, (value, i) => builder.addNode('input', `x_${i + 1}`, value));
  const outputs = builder.addSequence(network, inputs, '', '');
  const end = builder.addNode('divergence', 'Div', divergence);
  const edges = outputs.map((from, j) => ({ from, to: end, derivative: outputGradient[j] }));
  const blocks = [...builder.blocks, { label: 'Div', scalar: false, edges }];
  const graph = { nodes: withDerivatives(builder.nodes, blocks, end), blocks, inputs, end };
  return { graph, layers: builder.layers };
}

/** Returns ∂y_j/∂x_i of one layer as [outputs][inputs], computed by the layer's own backward pass. */
export function jacobian(pass: Pass, layer: Layer, arrays: LayerArrays): Float64Array[] {
  return unitVectors(layer, arrays, () => {
    layer.backward(pass, arrays);
    return copy(arrays.dx!);
  });
}

/** Sets ∂y to each unit vector in turn, and collects what `take` then returns. */
function unitVectors<T>({ outputs }: Layer, { dy }: LayerArrays, take: () => T): T[] {
  return Array.from({ length: outputs }, (_, j) => {
    dy.fill(0);
    dy[j] = 1;
    return take();
  });
}

const copy = (array: FloatArray): Float64Array => Float64Array.from(array);

/** Collects nodes and edges, layer by layer. */
class Builder {
  readonly nodes: Omit<Node, 'derivative'>[] = [];
  readonly blocks: Block[] = [];
  readonly layers = new Map<string, PlacedLayer>();

  constructor(private readonly pass: Pass) {}

  /** Adds a node; returns its id. */
  addNode(kind: Node['kind'], name: string, value: number): number {
    return this.nodes.push({ id: this.nodes.length, kind, name, value }) - 1;
  }

  /**
   * Adds a sequence; returns the nodes of its outputs. `kPrefix` is put before its layers' numbers, and
   * `pathPrefix` before its parameters' names: both are '' for the network itself.
   */
  addSequence(sequence: BoundSequence, inputs: number[], kPrefix: string, pathPrefix: string): number[] {
    let from = inputs;
    for (const { k, affineIndex, activationIndex } of lectureLayers(sequence.layers)) {
      for (const index of [affineIndex, activationIndex]) {
        if (index === null) continue;
        const symbol = index === affineIndex && activationIndex !== null ? 'z' : 'y';
        const [layer, arrays] = [sequence.layers[index], sequence.arrays[index]];
        const path = `${pathPrefix}${index}.`;
        const outputs = this.#addLayer(layer, arrays, from, { symbol, k: `${kPrefix}${k}`, path });
        this.layers.set(path, { layer, arrays, outputs });
        from = outputs;
      }
    }
    return from;
  }

  /** Adds a layer on the nodes `from`, after the branches inside it; returns the nodes of its outputs. */
  #addLayer(
    layer: Layer,
    arrays: LayerArrays,
    from: number[],
    { symbol, k, path }: { symbol: 'z' | 'y'; k: string; path: string },
  ): number[] {
    const { branches } = arrays;
    const branchOutputs = branches.map((branch, b) => {
      const several = branches.length > 1; // only then do names say which branch
      const kPrefix = several ? `${k}.${b + 1}.` : `${k}.`;
      const pathPrefix = several ? `${path}${b}.` : path;
      return this.addSequence(branch, from, kPrefix, pathPrefix);
    });
    const rows = this.#localDerivatives(layer, arrays);
    const names = Array.from({ length: layer.outputs }, (_, j) => `${symbol}_${j + 1}(${k})`);
    if (passesBranchOn(rows)) {
      // the layer is its branch under another name: its outputs are no further nodes
      for (const [j, node] of branchOutputs[0].entries())
        this.nodes[node] = { ...this.nodes[node], name: names[j] };
      return branchOutputs[0];
    }
    const outputs = names.map((name, j) => this.addNode(symbol, name, arrays.y[j]));
    const edges = (starts: readonly number[], pick: (row: (typeof rows)[number]) => Float64Array) =>
      starts.flatMap((start, i) =>
        outputs.map((to, j) => ({ from: start, to, derivative: pick(rows[j])[i] })),
      );
    const direct = edges(from, (row) => row.direct);
    if (layer.branches.length === 0)
      this.#addBlock(layer, [...direct, ...this.#biasEdges(layer, arrays, outputs, k)], from.length);
    else {
      // A layer joins its branches sparsely: a derivative of zero means that there is no edge.
      const joins = branchOutputs.flatMap((nodes, b) => edges(nodes, (row) => row.through[b]));
      const nonzero = [...joins, ...direct].filter(({ derivative }) => derivative !== 0);
      if (nonzero.length > 0) this.blocks.push({ label: layer.kind, scalar: true, edges: nonzero });
    }
    return outputs;
  }

  /** Returns, for each y_j, its derivatives by each branch's outputs and, past the branches, by x itself. */
  #localDerivatives(layer: Layer, arrays: LayerArrays) {
    const { branches, dx } = arrays;
    return unitVectors(layer, arrays, () => {
      layer.backward(this.pass, arrays);
      const through = branches.map(({ layers, outputGradient }) =>
        copy(outputGradient.subarray(0, layers[layers.length - 1].outputs)),
      );
      const direct = copy(dx!).map((value, i) =>
        branches.reduce((rest, branch) => rest - branch.inputGradient![i], value),
      );
      return { through, direct };
    });
  }

  /** Adds the edges of a layer; those of a scalar activation without its zeros off the diagonal. */
  #addBlock({ kind: label, affine }: Pick<Layer, 'kind' | 'affine'>, edges: Edge[], width: number): void {
    const isDiagonal = ({ from, to }: Edge) => from - edges[0].from === to - edges[0].to;
    const square = !affine && width * width === edges.length;
    const scalar = square && edges.every((edge) => isDiagonal(edge) || edge.derivative === 0);
    this.blocks.push({ label, scalar, edges: scalar ? edges.filter(isDiagonal) : edges });
  }

  /** Returns the edges from the constant y_0 = 1: a bias is a weight from there. */
  #biasEdges({ affine }: Layer, { parameters: [, bias] }: LayerArrays, outputs: number[], k: string): Edge[] {
    if (!affine || !bias) return [];
    const layerBefore = k.replace(/\d+$/, (last) => String(Number(last) - 1));
    const node = this.addNode('bias', `y_0(${layerBefore})`, 1);
    return outputs.map((to, j) => ({ from: node, to, derivative: bias[j] }));
  }
}

/** Says whether a layer has one branch, and hands on what that computes as it is. */
function passesBranchOn(rows: readonly { through: Float64Array[]; direct: Float64Array }[]): boolean {
  return rows.every(
    ({ through: [inner, ...others], direct }, j) =>
      inner !== undefined &&
      others.length === 0 &&
      direct.every((value) => value === 0) &&
      inner.every((value, i) => value === Number(i === j)),
  );
}

/** Computes each ∂Div/∂node: Σ over the edges that leave it of their derivative times that of their end. */
function withDerivatives(
  nodes: readonly Omit<Node, 'derivative'>[],
  blocks: readonly Block[],
  end: number,
): Node[] {
  const leaving = outgoing(blocks);
  const derivatives = new Map<number, number>([[end, 1]]);
  const derivative = (node: number): number => {
    const known = derivatives.get(node);
    if (known !== undefined) return known;
    const edges = leaving.get(node) ?? [];
    const sum = edges.reduce((total, edge) => total + edge.derivative * derivative(edge.to), 0);
    derivatives.set(node, sum);
    return sum;
  };
  return nodes.map((node) => ({ ...node, derivative: derivative(node.id) }));
}

/** Groups edges by the node that they leave. */
export function outgoing(blocks: readonly Block[]): Map<number, Edge[]> {
  const leaving = new Map<number, Edge[]>();
  for (const edge of blocks.flatMap(({ edges }) => edges)) {
    const list = leaving.get(edge.from);
    if (list) list.push(edge);
    else leaving.set(edge.from, [edge]);
  }
  return leaving;
}

/** Returns the edges by which an input, or a parameter on the units of its layer, begins to act. */
export function firstEdges(
  { layout, pass }: Instance,
  { graph, layers }: PlacedInfluence,
  { place }: Variable,
): Edge[] {
  if (place.kind === 'input') return [{ from: -1, to: graph.inputs[place.index], derivative: 1 }];
  const { name } = layout.views[place.view];
  const indexIn = ([path, { layer }]: [string, PlacedLayer]) =>
    layer.parameters.findIndex((spec) => `${path}${spec.name}` === name);
  const owner = [...layers].find((candidate) => indexIn(candidate) >= 0)!;
  const [, { layer, arrays, outputs }] = owner;
  const parameter = indexIn(owner);
  const derivatives = unitVectors(layer, arrays, () => {
    layer.backward(pass, arrays);
    return arrays.gradients[parameter][0][place.index];
  });
  const edges = outputs.map((to, j) => ({ from: -1, to, derivative: derivatives[j] }));
  return edges.filter(({ derivative }) => derivative !== 0);
}
