/** The drawing: what is in it, and that nothing stands on anything else. */
import { describe, expect, it } from 'vitest';
import { diagram } from '#src/explain/diagram.js';
import { explain } from '#src/explain/explain.js';
import { initialize } from '#src/network/initialize.js';
import { parameterLayout } from '#src/network/layout.js';
import { buildLayers, type LayerSpec } from '#src/network/spec.js';

function draw(specs: readonly LayerSpec[], inputs: number) {
  const layers = buildLayers(specs, inputs);
  const layout = parameterLayout(layers);
  const weights = new Float64Array(layout.length);
  initialize(weights, layout, 'glorotUniform', 1);
  const explanation = explain({
    layers,
    loss: 'squaredError',
    weights,
    origin: 'initial',
    instance: 'a < b & c',
    rows: 1,
    x: Float64Array.from({ length: inputs }, (_, i) => Math.sin(i + 1)),
    d: new Float64Array(layers[layers.length - 1].outputs),
    classes: null,
  });
  return { svg: diagram(explanation, 'a <network>'), explanation };
}

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function rectangles(svg: string, kind: string): Rectangle[] {
  const pattern = new RegExp(
    `<rect class="${kind}[^"]*" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"`,
    'g',
  );
  return [...svg.matchAll(pattern)].map(([, ...numbers]) => {
    const [x, y, width, height] = numbers.map(Number);
    return { x, y, width, height };
  });
}

function overlaps(all: readonly Rectangle[]): number {
  const touch = (a: Rectangle, b: Rectangle) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  return all.reduce((sum, a, i) => sum + all.slice(i + 1).filter((b) => touch(a, b)).length, 0);
}

const count = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].length;

const NETWORKS: [string, LayerSpec[], number][] = [
  ['2-2-2', [{ dense: 2 }, 'sigmoid', { dense: 2 }, 'sigmoid'], 2],
  ['softmax', [{ dense: 3 }, 'softmax'], 2],
  ['a skip connection', [{ dense: 3 }, { residual: [{ dense: 3 }, 'tanh'] }, { dense: 1 }], 2],
  ['branches', [{ concat: [[{ dense: 2 }, 'tanh'], [{ dense: 3 }]] }, { dense: 2 }], 3],
  ['50 units', [{ dense: 20 }, 'tanh', { dense: 12 }, 'tanh', { dense: 4 }], 14],
];

describe('a diagram by units', () => {
  it.each(NETWORKS)('%s: every node and edge, none on another, all within', (_, specs, inputs) => {
    const { svg, explanation } = draw(specs, inputs);
    const { nodes, blocks } = explanation.influence!;
    const boxes = rectangles(svg, 'node');
    expect(boxes).toHaveLength(nodes.length);
    expect(overlaps(boxes)).toBe(0);
    expect(count(svg, /<path class="edge /g)).toBe(blocks.reduce((sum, { edges }) => sum + edges.length, 0));
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
    for (const { x, y, width: w, height: h } of boxes) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(y).toBeGreaterThanOrEqual(60);
      expect(x + w).toBeLessThanOrEqual(width);
      expect(y + h).toBeLessThanOrEqual(height - 40);
    }
  });

  it('the labels of a small network can be read: none stands on another or on a node', () => {
    const { svg } = draw(NETWORKS[0][1], 2);
    const labels = rectangles(svg, 'pill');
    expect(labels).toHaveLength(4 + 2 + 4 + 2 + 2); // a bias of 0 has no label
    expect(overlaps(labels)).toBe(0);
    expect(overlaps([...labels, ...rectangles(svg, 'node')])).toBe(0);
  });

  it('the units of a layer stand in their order, each layer right of the one before', () => {
    const { svg, explanation } = draw(NETWORKS[4][1], 14);
    const boxes = rectangles(svg, 'node');
    const { nodes } = explanation.influence!;
    for (const [i, node] of nodes.entries()) {
      const before = nodes[i - 1];
      if (!before || node.kind === 'bias' || before.kind === 'bias') continue;
      const same = before.name.replace(/_\d+/, '') === node.name.replace(/_\d+/, '');
      expect(boxes[i][same ? 'y' : 'x'], node.name).toBeGreaterThan(boxes[i - 1][same ? 'y' : 'x']);
    }
  });

  it('scalar activations are parallel arrows, vector activations are bipartite', () => {
    const blockOf = (specs: LayerSpec[], label: string) =>
      draw(specs, 2).explanation.influence!.blocks.find((block) => block.label === label)!;
    expect(blockOf([{ dense: 3 }, 'tanh'], 'tanh')).toMatchObject({ scalar: true, edges: { length: 3 } });
    expect(blockOf([{ dense: 3 }, 'softmax'], 'softmax')).toMatchObject({
      scalar: false,
      edges: { length: 9 },
    });
  });

  it('is well-formed and has colours for a dark ground', () => {
    const { svg } = draw(NETWORKS[1][1], 2);
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
    expect(svg).toContain('a &lt;network&gt;');
    expect(svg).toContain('a &lt; b &amp; c');
    const stack: string[] = [];
    for (const [, close, name, self] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (close) expect(stack.pop()).toBe(name);
      else if (!self) stack.push(name);
    }
    expect(stack).toEqual([]);
  });
});

it('a large network is drawn by layers', () => {
  const { svg, explanation } = draw(
    [{ dense: 60 }, 'relu', { dense: 30 }, 'relu', { dense: 10 }, 'softmax'],
    100,
  );
  expect(explanation.influence).toBeNull();
  const boxes = rectangles(svg, 'node');
  expect(boxes).toHaveLength(5);
  expect(overlaps(boxes)).toBe(0);
  expect(svg).toContain('layer 1: affine 100 → 60, relu');
  expect(svg).toMatch(/rms y [\d.]+, \d+ % zero/);
});

it('a maxout layer is drawn as its maxima alone, with no column of ones behind them', () => {
  const { explanation } = draw([{ maxout: { units: 2, pieces: 2 } }, { dense: 1 }], 2);
  const { nodes, blocks } = explanation.influence!;
  expect(blocks.map(({ label }) => label)).toEqual(['dense', 'groupMax', 'dense', 'Div']);
  expect(nodes.filter(({ name }) => name === 'y_1(1)')).toHaveLength(1);
});
