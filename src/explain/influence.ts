/**
 * The influence diagram (lecture, section 1): nodes are variables with their values, an edge carries the local derivative
 * of its end by its beginning. The sum over all paths from a node to Div of the products of their edges is ∂Div/∂node:
 * the distributed chain rule, and backpropagation is the way to compute it.
 */
import type { FloatArray } from '../kernels/kernels.js';
import type { BoundSequence, LayerArrays } from '../network/layer.js';
import type { Instance } from './instance.js';
import { lectureLayers, type Variable } from './names.js';

export interface Node {
  readonly id: number;
  /** z_1(2) */
  readonly name: string;
  readonly kind: 'input' | 'bias' | 'z' | 'y' | 'divergence';
  readonly value: number;
  /** ∂Div/∂node as the sum over all paths */
  readonly derivative: number;
}

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly derivative: number;
}

/** The edges between two layers of nodes. */
export interface Block {
  readonly label: string;
  /** every end depends on its own beginning alone: parallel arrows; else a bipartite block */
  readonly scalar: boolean;
  readonly edges: readonly Edge[];
}

export interface Influence {
  readonly nodes: readonly Node[];
  readonly blocks: readonly Block[];
  /** the nodes that x and the outputs of layer `index` of the list are */
  readonly places: readonly (readonly number[])[];
  /** the node of Div */
  readonly end: number;
}

/** ∂y_j/∂x_i of one layer as [outputs][inputs], by its own backward pass; with ∂y_j/∂parameter beside it. */
export function jacobian(
  instance: Instance,
  k: number,
): { inputs: Float64Array[]; parameters: Float64Array[][] } {
  const { layers, arrays } = instance.network;
  const rows = unitVectors(layers[k].outputs, arrays[k], () => {
    layers[k].backward(instance.pass, arrays[k]);
    return { inputs: copy(arrays[k].dx!), parameters: arrays[k].gradients[0].map(copy) };
  });
  return { inputs: rows.map(({ inputs }) => inputs), parameters: rows.map(({ parameters }) => parameters) };
}

/** Runs `take` with ∂y = each unit vector in turn. */
function unitVectors<T>(outputs: number, { dy }: LayerArrays, take: () => T): T[] {
  return Array.from({ length: outputs }, (_, j) => {
    dy.fill(0);
    dy[j] = 1;
    return take();
  });
}

const copy = (array: FloatArray): Float64Array => Float64Array.from(array);

/** Of an instance of one row. Leaves its gradient arrays changed. */
export function influence(
  instance: Instance,
  outputGradient: ArrayLike<number>,
  divergence: number,
): Influence {
  instance.loss();
  const nodes: Omit<Node, 'derivative'>[] = [];
  const blocks: Block[] = [];
  const add = (kind: Node['kind'], name: string, value: number) =>
    nodes.push({ id: nodes.length, kind, name, value }) - 1;

  const { network } = instance;
  const inputs = Array.from(network.input, (value, i) => add('input', `x_${i + 1}`, value));
  const places = [inputs];
  addSequence(network, inputs, '', (outputs) => places.push(outputs));

  const end = add('divergence', 'Div', divergence);
  const last = places[places.length - 1];
  blocks.push({
    label: 'Div',
    scalar: false,
    edges: last.map((from, j) => ({ from, to: end, derivative: outputGradient[j] })),
  });
  return { nodes: withDerivatives(nodes, blocks, end), blocks, places, end };

  function addSequence(
    sequence: BoundSequence,
    begin: number[],
    prefix: string,
    placed: (outputs: number[]) => void,
  ): number[] {
    let from = begin;
    for (const { k, affine, activation } of lectureLayers(sequence.layers)) {
      for (const index of [affine, activation]) {
        if (index === null) continue;
        const kind = index === affine && activation !== null ? 'z' : 'y';
        from = addLayer(sequence, index, from, kind, `${prefix}${k}`);
        placed(from);
      }
    }
    return from;
  }

  function addLayer(
    sequence: BoundSequence,
    index: number,
    from: number[],
    kind: 'z' | 'y',
    k: string,
  ): number[] {
    const layer = sequence.layers[index];
    const arrays = sequence.arrays[index];
    const ends = arrays.branches.map((branch, b) =>
      addSequence(branch, from, arrays.branches.length > 1 ? `${k}.${b + 1}.` : `${k}.`, () => {}),
    );
    const rows = unitVectors(layer.outputs, arrays, () => {
      layer.backward(instance.pass, arrays);
      const through = arrays.branches.map((branch) =>
        copy(branch.outputGradient.subarray(0, outputsOf(branch))),
      );
      const back = arrays.branches.map((branch) => branch.inputGradient!);
      // what does not come back through the branches came directly: the skip connection
      const direct = copy(arrays.dx!).map((value, i) => value - back.reduce((sum, part) => sum + part[i], 0));
      return { through, direct };
    });
    const outputs = Array.from(arrays.y.subarray(0, layer.outputs), (value, j) =>
      add(kind, `${kind}_${j + 1}(${k})`, value),
    );
    const edgesFrom = (nodes: readonly number[], of: (row: (typeof rows)[number]) => Float64Array) =>
      nodes.flatMap((node, i) => outputs.map((to, j) => ({ from: node, to, derivative: of(rows[j])[i] })));
    if (layer.branches === undefined) {
      const bias = layer.kind === 'dense' ? (arrays.parameters[1] ?? null) : null;
      const edges = edgesFrom(from, ({ direct }) => direct);
      addBlock(layer.kind, bias ? [...edges, ...biasEdges(bias, outputs, k)] : edges, from.length);
    }
    // how the layer joins its branches is sparse: what is zero here is no edge
    const joins = ends.flatMap((end, b) => edgesFrom(end, ({ through }) => through[b]));
    const skips = layer.branches ? edgesFrom(from, ({ direct }) => direct) : [];
    const joining = [...joins, ...skips].filter(({ derivative }) => derivative !== 0);
    if (joining.length > 0) blocks.push({ label: layer.kind, scalar: true, edges: joining });
    return outputs;
  }

  function addBlock(label: string, edges: Edge[], width: number): void {
    const own = ({ from, to }: Edge) => from - edges[0].from === to - edges[0].to;
    const square = label !== 'dense' && width * width === edges.length;
    const scalar = square && edges.every((edge) => own(edge) || edge.derivative === 0);
    blocks.push({ label, scalar, edges: scalar ? edges.filter(own) : edges });
  }

  /** A bias is a weight from the constant y_0 = 1. */
  function biasEdges(bias: FloatArray, outputs: number[], k: string): Edge[] {
    const before = k.replace(/\d+$/, (last) => String(Number(last) - 1));
    const node = add('bias', `y_0(${before})`, 1);
    return outputs.map((to, j) => ({ from: node, to, derivative: bias[j] }));
  }
}

const outputsOf = ({ layers }: BoundSequence): number => layers[layers.length - 1].outputs;

/** Σ over the edges that leave a node of their derivative times that of their end, from Div back. */
function withDerivatives(
  nodes: readonly Omit<Node, 'derivative'>[],
  blocks: readonly Block[],
  end: number,
): Node[] {
  const leaving = outgoing(blocks);
  const memo = new Map<number, number>([[end, 1]]);
  const derivative = (node: number): number => {
    const known = memo.get(node);
    if (known !== undefined) return known;
    const sum = (leaving.get(node) ?? []).reduce(
      (total, edge) => total + edge.derivative * derivative(edge.to),
      0,
    );
    memo.set(node, sum);
    return sum;
  };
  return nodes.map((node) => ({ ...node, derivative: derivative(node.id) }));
}

export function outgoing(blocks: readonly Block[]): Map<number, Edge[]> {
  const leaving = new Map<number, Edge[]>();
  for (const edge of blocks.flatMap(({ edges }) => edges)) {
    const list = leaving.get(edge.from);
    if (list) list.push(edge);
    else leaving.set(edge.from, [edge]);
  }
  return leaving;
}

/** The edges by which an input or a parameter acts: on the units of its layer, with the local derivatives. */
export function firstEdges(instance: Instance, { places }: Influence, { place }: Variable): Edge[] {
  if (place.kind === 'input') return [{ from: -1, to: places[0][place.index], derivative: 1 }];
  const { layout, network } = instance;
  const { name } = layout.views[place.view];
  const own = layout.views
    .filter((view) => view.name.startsWith(`${place.layer}.`))
    .findIndex((view) => view.name === name);
  const { parameters } = jacobian(instance, place.layer);
  const outputs = places[place.layer + 1];
  if (own >= network.arrays[place.layer].parameters.length) return [];
  return outputs
    .map((to, j) => ({ from: -1, to, derivative: parameters[j][own][place.index] }))
    .filter(({ derivative }) => derivative !== 0);
}
