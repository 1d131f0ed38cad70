/** Draws a network that is too large for a node per unit: a box for each layer of the lecture. */
import { Graph, layout } from '@dagrejs/dagre';
import { rootMeanSquare } from '../statistics.js';
import type { Explanation } from './explain.js';
import { box, escaped, line, type Point, short, svg, text } from './svg.js';
import type { TracedLayer } from './trace.js';

const BOX = { width: 280, height: 96 };
const MARGIN = { x: 36, top: 76, bottom: 44 };
/** Pixels that a letter of the title, and of the line below it, takes at most on average. */
const [TITLE_LETTER, HEADING_LETTER] = [9, 6.6];

/** Draws the layers from top to bottom as an SVG document. */
export function layersDiagram(explanation: Explanation, name: string): string {
  const { trace, instance, loss } = explanation;
  const boxes = [
    inputLines(explanation),
    ...trace.layers.map(layerLines),
    [`Div: ${loss}`, short(trace.divergence)],
  ];
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', ranksep: 44, marginx: MARGIN.x });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const index of boxes.keys()) graph.setNode(String(index), { ...BOX });
  for (const index of trace.layers.keys()) graph.setEdge(String(index), String(index + 1));
  graph.setEdge(String(trace.layers.length), String(boxes.length - 1));
  layout(graph);
  const { height = 0 } = graph.graph() as { height?: number };
  const heading = `its layers, ${instance}`;
  const width =
    2 * MARGIN.x + Math.max(BOX.width, TITLE_LETTER * name.length, HEADING_LETTER * heading.length);
  const at = boxes.map((_, index) => {
    const { y } = graph.node(String(index)) as Point;
    return { x: width / 2, y: y + MARGIN.top };
  });
  const kinds = boxes.map((_, index) =>
    index === 0 ? 'input' : index === boxes.length - 1 ? 'divergence' : 'y',
  );
  return svg(width, height + MARGIN.top + MARGIN.bottom, `layers of ${name}`, [
    text({ x: MARGIN.x, y: 30 }, 'title', escaped(name), 'start'),
    text({ x: MARGIN.x, y: 49 }, 'heading', escaped(heading), 'start'),
    ...at.slice(1).map((to, i) => arrow(at[i], to)),
    ...boxes.map((lines, index) => layerBox(lines, at[index], kinds[index])),
  ]);
}

function inputLines({ trace: { x } }: Explanation): string[] {
  return [`x: ${x.values.length} inputs`, `rms x ${rms(x.values)}`, `∂ rms ${rms(x.derivatives)}`];
}

function layerLines({ k, affine, activation, y, weights }: TracedLayer): string[] {
  const what = [affine ? `affine ${affine[0]} → ${affine[1]}` : '', activation].filter(Boolean).join(', ');
  const zero = y.values.filter((value) => value === 0).length / y.values.length;
  const most = Math.max(0, ...weights.map(({ derivative }) => Math.abs(derivative)));
  return [
    `layer ${k}: ${what}`,
    `rms y ${rms(y.values)}${zero > 0 ? `, ${Math.round(100 * zero)} % zero` : ''}`,
    `∂ rms ${rms(y.derivatives)}`,
    ...(most > 0 ? [`max |∂Div/∂w| ${short(most)}`] : []),
  ];
}

const rms = (values: readonly number[]): string => short(rootMeanSquare(values));

function layerBox([first, ...rest]: readonly string[], at: Point, kind: string): string {
  const top = at.y - 8 * rest.length;
  const lines = rest.map((line, i) =>
    text({ x: at.x, y: top + 22 + 17 * i }, /∂/.test(line) ? 'derivative' : 'name', escaped(line)),
  );
  return `<g>${box(at, BOX.width, BOX.height, `node ${kind}`)}${text({ x: at.x, y: top + 3 }, 'value', escaped(first))}${lines.join('')}</g>`;
}

function arrow(from: Point, to: Point): string {
  const points = [
    { x: from.x, y: from.y + BOX.height / 2 },
    { x: to.x, y: to.y - BOX.height / 2 },
  ];
  return line(points, 'positive', 2, '');
}
