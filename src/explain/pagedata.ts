/** Puts together what the page of `explain --html` holds. */
import { type EngineData, engineData } from './engine.js';
import type { Explanation } from './explain.js';
import { type LayoutOptions, placeNodes } from './layout.js';
import { lectureLayers } from './names.js';
import type { View } from './steps.js';
import type { Subject } from './subject.js';
import type { Vector } from './trace.js';

/** Where the nodes of a drawing lie, by their ids, and the bends of the edges that have any. */
export interface PageLayout {
  readonly width: number;
  readonly height: number;
  readonly centres: readonly (readonly [x: number, y: number])[];
  readonly bends: readonly (readonly [
    from: number,
    to: number,
    points: readonly (readonly [number, number])[],
  ])[];
}

/** One vector of the network as a whole, rounded to a few digits. */
export interface PageVector {
  /** As the stages name it: y(0), z(1). */
  readonly name: string;
  readonly what: string;
  readonly values: readonly number[];
  readonly derivatives: readonly number[];
}

/** Everything that the page shows. */
export interface PageData {
  readonly name: string;
  readonly instance: string;
  readonly parameters: number;
  readonly views: readonly (View & {
    readonly layouts: Readonly<Record<LayoutOptions['direction'], PageLayout>>;
  })[];
  readonly vectors: readonly PageVector[];
  readonly classes: readonly string[] | null;
  readonly engine: EngineData | null;
  /** What the page leaves out, in whole sentences. */
  readonly left: readonly string[];
}

/** How large a node of the page's drawing is, with the lines beside its symbol, in both directions. */
const SIZES: Readonly<Record<LayoutOptions['direction'], Omit<LayoutOptions, 'direction'>>> = {
  right: { node: { width: 104, height: 78 }, gap: 84, apart: 18, margin: 12 },
  down: { node: { width: 128, height: 48 }, gap: 74, apart: 10, margin: 6 },
};

/** Numbers of one vector, and of all together, that are drawn as a whole at most. */
const [MOST_CELLS, MOST_CELLS_OF_ALL] = [4096, 16_384];

/** Returns what the page shows of an explanation that was made with `steps`. */
export function pageData(subject: Subject, explanation: Explanation, name: string): PageData {
  const { views, trace, influence, instance, parameters, classes } = explanation;
  const { layers } = subject;
  const outputs: (readonly number[])[] = [trace.x.values];
  for (const [index, { affineIndex, activationIndex }] of lectureLayers(layers).entries()) {
    const { z, y } = trace.layers[index];
    if (affineIndex !== null) outputs.push((z ?? y).values);
    if (activationIndex !== null) outputs.push(y.values);
  }
  const inputs = views.flatMap(({ changeable }) =>
    changeable.flatMap(({ place }) => ('input' in place ? [place.input] : [])),
  );
  const engine = engineData(subject, outputs, [...new Set(inputs)]);
  let cells = 0;
  const vectors = (influence ? [] : vectorsOf(explanation)).filter(({ values: { length } }) => {
    if (length <= MOST_CELLS) cells += length;
    return length <= MOST_CELLS && cells <= MOST_CELLS_OF_ALL;
  });
  return {
    name,
    instance,
    parameters,
    classes,
    views: views.map((view) => ({
      ...view,
      layouts: { right: layoutOf(view, 'right'), down: layoutOf(view, 'down') },
    })),
    vectors,
    engine,
    left: leftOut(explanation, engine, outputs.length - 1),
  };
}

function layoutOf({ graph }: View, direction: LayoutOptions['direction']): PageLayout {
  const { centres, width, height, bends } = placeNodes(graph, { ...SIZES[direction], direction });
  const pair = ({ x, y }: { readonly x: number; readonly y: number }) =>
    [Math.round(x), Math.round(y)] as const;
  const edges = graph.blocks.flatMap((block) => block.edges);
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    centres: graph.nodes.map(({ id }) => pair(centres.get(id)!)),
    bends: edges.flatMap((edge) => {
      const points = bends(edge);
      return points.length > 0 ? [[edge.from, edge.to, points.map(pair)] as const] : [];
    }),
  };
}

function vectorsOf({ trace }: Explanation): PageVector[] {
  const rounded = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(3)));
  const vector = (name: string, what: string, { values, derivatives }: Vector): PageVector => ({
    name,
    what,
    values: rounded(values),
    derivatives: rounded(derivatives),
  });
  return [
    vector('y(0)', 'the inputs x', trace.x),
    ...trace.layers.flatMap(({ k, z, y, affine, activation }) => [
      ...(z ? [vector(`z(${k})`, 'weighted combination', z)] : []),
      vector(
        `y(${k})`,
        [affine && !z ? 'weighted combination' : '', activation].filter(Boolean).join(', '),
        y,
      ),
    ]),
  ];
}

function leftOut(
  { views, parameters, small, influence }: Explanation,
  engine: EngineData | null,
  layers: number,
): string[] {
  const compared = small
    ? []
    : [
        'Of the weights, those with the largest derivatives are compared and have steps; explain --trace compares more.',
      ];
  const drawn = influence
    ? []
    : [
        `The network has ${parameters} parameters, too many to draw each unit: ${views.length} units have a drawing, those with the largest derivatives in each layer.`,
      ];
  const held =
    engine === null
      ? ['The page has no room for the weights of the last layer, so that no number can be changed.']
      : engine.from > 0
        ? [
            `To compute changes, the page holds the weights of layers ${engine.from + 1} to ${layers} of the list, and of the layer before these only what the drawn units need.`,
          ]
        : [];
  return [...drawn, ...compared, ...held];
}
