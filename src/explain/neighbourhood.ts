/**
 * Plays the lecture around single units of a network that is too large to be drawn: what a unit sums up, and
 * what its output influences. The strongest connections are drawn, and all others are one node.
 */
import { Board, type DrawnLayer, type Owner, type Played } from './board.js';
import type { Block, Node } from './influence.js';
import { lectureLayers, parameterVariable } from './names.js';
import { playedOn } from './playing.js';
import type { Changeable, View } from './steps.js';
import type { Derivative, TracedLayer, Vector } from './trace.js';
import { edgeWeight, weightPlace } from './weightplaces.js';

/** Connections of a unit that are drawn on each side. */
const [MOST_SOURCES, MOST_TARGETS] = [8, 6];
/** Units that have a view, about as many in each layer. */
const MOST_VIEWS = 15;

/** Makes the views of the units with the largest derivatives, in each layer that has weights. */
export function neighbourhoods(played: Played): View[] {
  const { layers } = played.trace;
  return layers.flatMap(({ affine, z, y }, index) => {
    if (!affine) return [];
    const share = Math.floor(MOST_VIEWS / layers.filter((layer) => layer.affine).length);
    const units = strongest((z ?? y).derivatives, Math.max(1, share));
    return units.map((unit) => new Neighbourhood(played, index, unit).view());
  });
}

/** Returns the indices of the numbers of the largest size, in rising order. */
function strongest(values: readonly number[], most: number): number[] {
  return Array.from(values.keys())
    .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

class Neighbourhood {
  readonly #nodes: Node[] = [];
  readonly #blocks: Block[] = [];
  readonly #owners = new Map<number, Owner>();
  readonly #layers: (readonly [string, DrawnLayer])[] = [];
  readonly #layer: TracedLayer;
  readonly #before: Vector;

  constructor(
    private readonly played: Played,
    private readonly index: number,
    private readonly unit: number,
  ) {
    const { x, layers } = played.trace;
    this.#layer = layers[index];
    this.#before = index === 0 ? x : layers[index - 1].y;
  }

  view(): View {
    const { k, affine } = this.#layer;
    const sources = this.#sources();
    const outputs = this.#unit(sources);
    const isLast = this.index === this.played.trace.layers.length - 1;
    this.#behind(outputs);
    const graph = {
      nodes: this.#nodes,
      blocks: this.#blocks,
      inputs: this.#nodes.filter(({ kind }) => kind === 'input').map(({ id }) => id),
      end: this.#nodes.length - 1,
    };
    const board = new Board({ graph, owners: this.#owners, layers: this.#layers }, this.played.checker);
    const weights = this.#weights(sources);
    const others = affine![1] - 1;
    return {
      ...playedOn(board, this.played, {
        outputs: isLast ? outputs : [],
        weightsOf: () => weights,
        others: others > 0 ? `the other ${others} units` : null,
        first: () => [],
      }),
      name: `unit ${this.unit + 1} of layer ${k}`,
      changeable: this.#changeable(board, weights),
      left: this.#leftOut(sources.length),
    };
  }

  #leftOut(sources: number): string[] {
    const { affine, k } = this.#layer;
    const [inputs, width] = affine!;
    return [
      ...(sources < inputs
        ? [
            `Of the ${inputs} inputs of this unit, the ${sources} that add most to its sum are drawn; the others are one node.`,
          ]
        : []),
      ...(width > 1
        ? [`Of the ${width} units of layer ${k}, this one is drawn, with its weights only.`]
        : []),
    ];
  }

  #add(kind: Node['kind'], name: string, value: number, derivative: number): number {
    return this.#nodes.push({ id: this.#nodes.length, kind, name, value, derivative }) - 1;
  }

  /** Says which layer of the list computes nodes. */
  #own(layer: number, units: readonly number[], nodes: readonly number[], playedNodes = nodes): void {
    const { subject, instance } = this.played;
    const [path, arrays] = [`${layer}.`, instance.network.arrays[layer]];
    const placed = { layer: subject.layers[layer], arrays, outputs: nodes };
    for (const [n, node] of nodes.entries()) {
      this.#owners.set(node, { placed, place: { path, unit: units[n] } });
    }
    if (playedNodes.length > 0) this.#layers.push([path, { ...placed, outputs: playedNodes }]);
  }

  /** Adds the inputs of the unit that count most; returns their units. */
  #sources(): number[] {
    const { index, unit } = this;
    const { values, derivatives } = this.#before;
    const share = values.map((value, i) => value * edgeWeight(this.played, index, i + 1, unit + 1));
    const sources = strongest(share, MOST_SOURCES);
    const nodes = sources.map((i) =>
      index === 0
        ? this.#add('input', `x_${i + 1}`, values[i], derivatives[i])
        : this.#add('y', `y_${i + 1}(${index})`, values[i], derivatives[i]),
    );
    if (index > 0) {
      const { affineIndex, activationIndex } = lectureLayers(this.played.subject.layers)[index - 1];
      this.#own((activationIndex ?? affineIndex)!, sources, nodes, []);
    }
    const rest = values.length - sources.length;
    const restValue = total(share.filter((_, i) => !sources.includes(i)));
    if (rest > 0) this.#add('rest', `the other ${rest} inputs`, restValue, this.#derivative());
    if (weightPlace(this.played, index, 0, 1)) {
      this.#add('bias', `y_0(${index})`, 1, this.#derivative() * edgeWeight(this.played, index, 0, unit + 1));
    }
    return sources;
  }

  #derivative(): number {
    const { z, y } = this.#layer;
    return (z ?? y).derivatives[this.unit];
  }

  /** Adds the unit's sum and its activation; returns the nodes whose values the next layer reads. */
  #unit(sources: readonly number[]): number[] {
    const { k, z, y, slopes, jacobian, activation } = this.#layer;
    const { affineIndex, activationIndex } = lectureLayers(this.played.subject.layers)[this.index];
    const starts = [...this.#nodes];
    const sum = z ?? y;
    const symbol = z ? 'z' : 'y';
    // All units of a vector activation act on each other, so that all are drawn.
    const units = z && !slopes && jacobian ? Array.from(sum.values.keys()) : [this.unit];
    const sums = units.map((u) =>
      this.#add(symbol, `${symbol}_${u + 1}(${k})`, sum.values[u], sum.derivatives[u]),
    );
    const own = sums[units.indexOf(this.unit)];
    this.#own(affineIndex!, units, sums, [own]);
    const weightOf = ({ id, kind }: Node) =>
      kind === 'rest'
        ? 1
        : edgeWeight(this.played, this.index, kind === 'bias' ? 0 : sources[id] + 1, this.unit + 1);
    this.#blocks.push({
      label: 'dense',
      scalar: false,
      edges: starts.map((node) => ({ from: node.id, to: own, derivative: weightOf(node) })),
    });
    if (!z || !(slopes || jacobian)) return [own];
    const outputs = units.map((u) => this.#add('y', `y_${u + 1}(${k})`, y.values[u], y.derivatives[u]));
    this.#own(activationIndex!, units, outputs, [outputs[units.indexOf(this.unit)]]);
    const edges = slopes
      ? [{ from: own, to: outputs[0], derivative: slopes[this.unit] }]
      : sums.flatMap((from, i) => outputs.map((to, j) => ({ from, to, derivative: jacobian![j][i] })));
    this.#blocks.push({ label: activation!, scalar: slopes !== null, edges });
    return outputs;
  }

  /** Adds the units of the next layer that pass most back, and Div. */
  #behind(outputs: readonly number[]): void {
    const { trace, subject } = this.played;
    const next = trace.layers[this.index + 1];
    const { y, k } = this.#layer;
    const single = outputs.length === 1;
    const [from] = outputs;
    if (!next?.affine || !single || this.#nodes[from].kind !== 'y') {
      const end = this.#nodes.length;
      const edges = outputs.map((node) => ({
        from: node,
        to: end,
        derivative: this.#nodes[node].derivative,
      }));
      this.#add('divergence', 'Div', trace.divergence, 1);
      this.#blocks.push({ label: 'Div', scalar: false, edges });
      return;
    }
    const sum = next.z ?? next.y;
    const back = sum.derivatives.map(
      (derivative, l) => derivative * edgeWeight(this.played, this.index + 1, this.unit + 1, l + 1),
    );
    const targets = strongest(back, MOST_TARGETS);
    const symbol = next.z ? 'z' : 'y';
    const nodes = targets.map((l) =>
      this.#add(symbol, `${symbol}_${l + 1}(${k + 1})`, sum.values[l], sum.derivatives[l]),
    );
    const layer = lectureLayers(subject.layers)[this.index + 1].affineIndex!;
    this.#own(layer, targets, nodes, []);
    const rest = back.length - targets.length;
    const restShare = total(back.filter((_, l) => !targets.includes(l)));
    const restNode = rest > 0 ? [this.#add('rest', `the other ${rest} units`, y.values[this.unit], 1)] : [];
    const end = this.#add('divergence', 'Div', trace.divergence, 1);
    this.#blocks.push(
      {
        label: 'dense',
        scalar: false,
        edges: [
          ...nodes.map((to, t) => ({
            from,
            to,
            derivative: edgeWeight(this.played, this.index + 1, this.unit + 1, targets[t] + 1),
          })),
          ...restNode.map((to) => ({ from, to, derivative: restShare })),
        ],
      },
      {
        label: 'Div',
        scalar: false,
        edges: [
          ...nodes.map((node, t) => ({ from: node, to: end, derivative: sum.derivatives[targets[t]] })),
          ...restNode.map((node) => ({ from: node, to: end, derivative: 1 })),
        ],
      },
    );
  }

  /** Compares the derivatives of the drawn weights. */
  #weights(sources: readonly number[]): Derivative[] {
    const { subject, instance, checker } = this.played;
    return [0, ...sources.map((i) => i + 1)].flatMap((i) => {
      const place = weightPlace(this.played, this.index, i, this.unit + 1);
      if (place === null) return [];
      const { view, index, offset } = place;
      const before = i === 0 ? 1 : this.#before.values[i - 1];
      return {
        variable: parameterVariable(subject.layers, instance.layout, view, index),
        value: instance.parameters[offset],
        derivative: checker.gradient[offset],
        factors: [before, this.#derivative()] as const,
        ...checker.ofParameter(offset),
      };
    });
  }

  #changeable(board: Board, weights: readonly Derivative[]): Changeable[] {
    const { instance, subject } = this.played;
    const inputs = subject.layers[0].readsCodes ? [] : this.#nodes.filter(({ kind }) => kind === 'input');
    return [
      ...inputs.map(({ id, name, value, derivative }): Changeable => {
        const input = board.index(id) - 1;
        return {
          name,
          key: `x${input + 1}`,
          value,
          derivative,
          at: { node: id },
          first: [[id, 1]],
          place: { input },
        };
      }),
      ...weights.flatMap(({ variable, value, derivative }): Changeable[] => {
        const { place } = variable;
        if (place.kind !== 'parameter') return [];
        const array = instance.layout.views[place.view].name;
        const edge = board.edgeAt(array, place.index);
        if (!edge) return [];
        return [
          {
            name: variable.name,
            key: variable.key,
            value,
            derivative,
            at: { edge },
            first: [[edge[1], this.#nodes[edge[0]].value * board.scaling(...edge)]],
            place: { parameter: { array, index: place.index } },
          },
        ];
      }),
    ];
  }
}
