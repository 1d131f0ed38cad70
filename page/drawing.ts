/** Draws one view as the slides draw networks: sums and activations apart, biases as weights from 1. */
import type { Edge, Node } from '#src/explain/influence.js';
import type { PageData, PageLayout } from '#src/explain/pagedata.js';
import type { Ends, Marks } from '#src/explain/steps.js';
import { type Child, fewDigits, refill, svgEl } from './dom.js';

export type PageView = PageData['views'][number];
type Direction = keyof PageView['layouts'];

/** What is written at a node: two lines below its symbol. */
export interface NodeText {
  readonly first: string;
  readonly second: string;
}

/** What is drawn at a moment. */
export interface Look {
  readonly nodes: (node: Node) => NodeText;
  readonly reads: Marks;
  readonly writes: Marks;
  /** What is written on an edge, and how thick it is from 0 to 1; null for a thin one without a label. */
  readonly edges: (
    edge: Edge,
  ) => { readonly label: string; readonly share: number; readonly sign: number } | null;
}

/** The symbols of layers; others are drawn with their names. */
const SYMBOLS: Readonly<Record<string, string>> = { dense: '+', add: '+', residual: '+', multiply: '×' };

/** Returns what computes each node: + for a sum, else the name of its layer. */
function operationsOf({ graph }: PageView): Map<number, string> {
  return new Map(
    graph.blocks.flatMap(({ label, edges }) =>
      edges.map(({ to }): [number, string] => [to, SYMBOLS[label] ?? label]),
    ),
  );
}

/** How small a drawing may become before it scrolls. */
const SMALLEST = 0.66;

const RADIUS = 17;
/** Edges of a block up to which all have labels; where edges go down, labels stand side by side. */
const LABELLED = { right: 12, down: 6 } as const;

export const edgeKey = ([from, to]: Ends): string => `${from}-${to}`;

export class NetworkDrawing {
  readonly svg = svgEl('svg', { role: 'img', class: 'network' });
  #edges = new Map<string, { path: SVGPathElement; label: SVGGElement; edge: Edge; labelled: boolean }>();
  readonly #operations: ReadonlyMap<number, string>;
  #nodes = new Map<number, { group: SVGGElement; first: SVGTextElement; second: SVGTextElement }>();

  constructor(
    readonly view: PageView,
    readonly direction: Direction,
  ) {
    const { graph, layouts } = view;
    this.#operations = operationsOf(view);
    const { width, height } = layouts[direction];
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.svg.setAttribute('width', String(width));
    this.svg.setAttribute('height', String(height));
    this.svg.style.minWidth = `${Math.round(Math.min(width, Math.max(320, SMALLEST * width)))}px`;
    this.svg.setAttribute('aria-label', `the drawing of ${view.name}; the text below says all that it shows`);
    const edges = svgEl('g');
    const labels = svgEl('g');
    for (const block of graph.blocks) {
      const positions = this.#labelPositions(block.edges);
      for (const [n, edge] of block.edges.entries())
        this.#addEdge(edge, positions[n], block.edges.length <= LABELLED[direction], edges, labels);
    }
    this.svg.append(
      edges,
      ...graph.nodes.map((node) => this.#addNode(node, this.#operations.get(node.id))),
      labels,
    );
  }

  get #layout(): PageLayout {
    return this.view.layouts[this.direction];
  }

  /** Where a node's symbol stands. */
  #symbolAt(id: number): readonly [x: number, y: number] {
    const [x, y] = this.#layout.centres[id];
    return this.direction === 'right' ? [x, y - 18] : [x - 42, y];
  }

  #halfWidth(id: number): number {
    const name = this.#operations.get(id) ?? '';
    return name.length > 2 ? 4 + 3.1 * name.length : RADIUS;
  }

  #ends({ from, to }: Edge): [readonly [number, number], readonly [number, number]] {
    const [[ax, ay], [bx, by]] = [this.#symbolAt(from), this.#symbolAt(to)];
    return this.direction === 'right'
      ? [
          [ax + this.#halfWidth(from), ay],
          [bx - this.#halfWidth(to) - 3, by],
        ]
      : [
          [ax, ay + RADIUS],
          [bx, by - RADIUS - 3],
        ];
  }

  #addEdge(edge: Edge, share: number, labelled: boolean, edges: SVGGElement, labels: SVGGElement): void {
    const [[ax, ay], [bx, by]] = this.#ends(edge);
    const bends = this.#layout.bends.find(([from, to]) => from === edge.from && to === edge.to)?.[2] ?? [];
    const points = [[ax, ay], ...bends, [bx, by]];
    const path = svgEl('path', {
      d: `M${points.map((point) => point.join(' ')).join('L')}`,
      'data-edge': edgeKey([edge.from, edge.to]),
    });
    const grip = svgEl('path', {
      d: path.getAttribute('d'),
      class: 'grip',
      'data-edge': edgeKey([edge.from, edge.to]),
    });
    const label = svgEl('g');
    const [x, y] = bends.length > 0 ? points[1] : [ax + (bx - ax) * share, ay + (by - ay) * share];
    label.setAttribute('transform', `translate(${Math.round(x)} ${Math.round(y)})`);
    edges.append(path, grip);
    labels.append(label);
    this.#edges.set(edgeKey([edge.from, edge.to]), { path, label, edge, labelled });
  }

  /** Puts the labels of a block where its edges are far apart: near the beginning for few ends, and so on. */
  #labelPositions(block: readonly Edge[]): number[] {
    const across = this.direction === 'right' ? 1 : 0;
    const ends = block.map((edge) => this.#ends(edge));
    const gapAt = (share: number) => {
      const places = ends.map(([a, b]) => a[across] + (b[across] - a[across]) * share).sort((p, q) => p - q);
      return Math.min(40, ...places.slice(1).map((place, i) => place - places[i]));
    };
    const shares = [0.5, 0.35, 0.65, 0.3, 0.7, 0.25, 0.75, 0.2];
    const best = shares.reduce((a, b) => (gapAt(b) > gapAt(a) + 0.5 ? b : a));
    // where no share keeps all labels apart, neighbours take turns
    const needed = this.direction === 'right' ? 15 : 44;
    if (block.length > LABELLED[this.direction] || gapAt(best) >= needed) return block.map(() => best);
    const targets = [...new Set(block.map(({ to }) => to))];
    return block.map(({ to, from }) => {
      const rank = targets.indexOf(to) + (targets.length === 1 ? from : 0);
      return [0.3, 0.55, 0.78][rank % 3];
    });
  }

  #addNode(node: Node, operation: string | undefined): SVGGElement {
    const { id, name, kind } = node;
    const [x, y] = this.#symbolAt(id);
    const [textX, textY, anchor] =
      this.direction === 'right'
        ? [0, RADIUS + 14, 'middle']
        : [Math.max(RADIUS, this.#halfWidth(id)) + 5, -3, 'start'];
    const inside = kind === 'bias' ? '1' : kind === 'rest' ? '…' : (operation ?? '');
    const half = this.#halfWidth(id);
    const shape =
      half > RADIUS || kind === 'y'
        ? svgEl('rect', { x: -half, y: -RADIUS, width: 2 * half, height: 2 * RADIUS, rx: 6 })
        : svgEl('circle', { r: RADIUS });
    const first = svgEl('text', { x: textX, y: textY, 'text-anchor': anchor, class: 'value' });
    const second = svgEl('text', { x: textX, y: textY + 15, 'text-anchor': anchor, class: 'derivative' });
    const group = svgEl(
      'g',
      { class: `node ${kind}`, transform: `translate(${x} ${y})`, 'data-node': id },
      svgEl('title', {}, name),
      shape,
      svgEl('text', { y: 4, 'text-anchor': 'middle', class: inside.length > 2 ? 'word' : 'sign' }, inside),
      first,
      second,
    );
    this.#nodes.set(id, { group, first, second });
    return group;
  }

  /** Shows what a moment looks like. */
  show({ nodes, edges, reads, writes }: Look): void {
    const [read, written] = [reads, writes].map((marks) => ({
      nodes: new Set([...marks.values, ...marks.derivatives]),
      edges: new Set(marks.edges.map(edgeKey)),
    }));
    for (const { id, ...node } of this.view.graph.nodes) {
      const { group, first, second } = this.#nodes.get(id)!;
      const text = nodes({ id, ...node });
      refill(first, symbol(text.first));
      refill(second, text.second);
      group.classList.toggle('read', read.nodes.has(id));
      group.classList.toggle('write', written.nodes.has(id));
      first.classList.toggle('lit', writes.values.includes(id));
      second.classList.toggle('lit', writes.derivatives.includes(id));
    }
    for (const [key, { path, label, edge, labelled }] of this.#edges) {
      const lit = written.edges.has(key) ? ' write' : read.edges.has(key) ? ' read' : '';
      const shown = written.edges.has(key) ? null : edges(edge);
      const sign = shown ? Math.sign(shown.sign) : Math.sign(edge.derivative);
      path.setAttribute('class', `edge ${sign > 0 ? 'up' : sign < 0 ? 'down' : 'flat'}${lit}`);
      path.style.strokeWidth = shown ? String(1 + 4 * shown.share) : '';
      const text =
        shown?.label ?? ((labelled && edge.derivative !== 0) || lit ? fewDigits(edge.derivative) : '');
      refill(label, text === '' ? null : pill(text, lit));
    }
  }

  /** Returns the middle of what a step writes, in the drawing's own pixels. */
  placeOf({ values, derivatives, edges }: Marks): readonly [x: number, y: number] | null {
    const [node] = [...values, ...derivatives, ...edges.map(([, to]) => to)];
    return node === undefined ? null : this.#symbolAt(node);
  }
}

function pill(text: string, lit: string): Child {
  const width = 6.4 * text.length + 8;
  return [
    svgEl('rect', { class: `pill${lit}`, x: -width / 2, y: -8, width, height: 16, rx: 6 }),
    svgEl('text', { class: 'label', y: 4, 'text-anchor': 'middle' }, text),
  ];
}

/** Writes z_12(1) with a subscript and a superscript, and what follows as it is. */
function symbol(text: string): Child {
  const [, letter, index, layer, rest] = /^([a-zA-Z]+)_([\d,]+)(\([\d.]+\))?(.*)$/.exec(text) ?? [];
  if (letter === undefined) return text;
  const small = (dy: number, content: string) => svgEl('tspan', { dy, 'font-size': 9 }, content);
  return [
    letter,
    small(3, index),
    layer ? small(-8, layer) : null,
    svgEl('tspan', { dy: layer ? 5 : -3, 'font-weight': 600 }, rest),
  ];
}
