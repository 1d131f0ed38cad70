/** The steps of both passes: in the lecture's order, and each the number that its own terms give. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createEngine } from '#src/explain/engine.js';
import { type Explanation, explain } from '#src/explain/explain.js';
import { createInstance } from '#src/explain/instance.js';
import { pageData } from '#src/explain/pagedata.js';
import type { Step, View } from '#src/explain/steps.js';
import { openSubject, type Subject } from '#src/explain/subject.js';
import { unfused } from '#src/network/network.js';
import { BRANCHES, LARGE, SPECIAL, TANH } from './pagenetworks.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-steps-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let written = 0;
function open(config: object): Promise<Subject> {
  const path = join(folder, `network-${written++}.json`);
  writeFileSync(path, JSON.stringify(config));
  return openSubject({ path });
}

const lecture = await openSubject({ path: 'examples/lecture-2-2-2.yaml' });
const networks: [string, Subject][] = [
  ['2-2-2', lecture],
  ['branches', await open(BRANCHES)],
  ['special cases', await open(SPECIAL)],
  ['a large one', await open(LARGE)],
  ['a large one without softmax', await open(TANH)],
];

const explained = new Map<Subject, Explanation>();
function explanationOf(subject: Subject): Explanation {
  const found = explained.get(subject) ?? explain(subject, { steps: true });
  explained.set(subject, found);
  return found;
}
const viewsOf = (subject: Subject) => explanationOf(subject).views;
const stepNamed = ({ steps }: View, name: string): Step => steps.find((step) => step.name === name)!;

describe('the steps of the 2-2-2 network', () => {
  const [view] = viewsOf(lecture);

  it("come in the deck's order", () => {
    const forward = ['z(1)', 'y(1)', 'z(2)', 'y(2)', 'Div'];
    const backward = ['y(2)', 'z(2)', 'w(2)', 'y(1)', 'z(1)', 'w(1)', 'y(0)'].map((name) => `∂Div/∂${name}`);
    expect(view.stages.map(({ name }) => name)).toEqual([...forward, ...backward]);
    const stages = view.steps.map(({ stage }) => stage);
    expect(stages).toEqual(stages.toSorted((a, b) => a - b));
    const weights = view.steps.filter(({ stage }) => view.stages[stage].name === '∂Div/∂w(1)');
    expect(weights.map(({ name }) => name)).toEqual(
      ['01', '11', '21', '02', '12', '22'].map((ij) => `∂Div/∂w_${ij}(1)`),
    );
  });

  it('hold the golden numbers, and the biases first', () => {
    expect(stepNamed(view, 'z_1(1)').terms.map((term) => term.map(({ value }) => value))).toEqual([
      [0.35, 1],
      [0.15, 0.05],
      [0.2, 0.1],
    ]);
    expect(stepNamed(view, 'Div').result).toBeCloseTo(0.29837110876, 12);
    expect(stepNamed(view, '∂Div/∂w_11(2)').result).toBeCloseTo(0.0821670406, 10);
    expect(stepNamed(view, '∂Div/∂w_11(1)').result).toBeCloseTo(0.000438567734, 12);
  });

  it('have a check for every derivative', () => {
    const derivatives = view.steps.filter(({ name }) => name.startsWith('∂'));
    expect(derivatives).toHaveLength(22);
    for (const { check, result } of derivatives) {
      expect(check?.verdict).toBe('right');
      expect(check?.numeric).toBeCloseTo(result, 9);
    }
  });
});

describe.each(networks)('the steps of %s', (_, subject) => {
  const { trace, views } = explanationOf(subject);

  it('are the sums of their terms, unless they name a function', () => {
    for (const { steps } of views) {
      for (const { name, terms, of, result } of steps) {
        if (of !== null || terms.length === 0) continue;
        const products = terms.map((term) => term.reduce((product, { value }) => product * value, 1));
        const sum = products.reduce((total, value) => total + value, 0);
        const size = products.reduce((total, value) => total + Math.abs(value), 0);
        expect(Math.abs(sum - result), name).toBeLessThanOrEqual(1e-12 * size);
      }
    }
  });

  it("have the trace's numbers, and write each node of a drawn network once", () => {
    for (const view of views) {
      const { steps, graph } = view;
      const values = steps.flatMap(({ writes }) => writes.values);
      const derivatives = steps.flatMap(({ writes }) => writes.derivatives);
      expect(new Set(values).size).toBe(values.length);
      expect(new Set(derivatives).size).toBe(derivatives.length);
      for (const layer of trace.layers) {
        const known = layer.z
          ? [['z', layer.z] as const, ['y', layer.y] as const]
          : [['y', layer.y] as const];
        for (const [symbol, vector] of known) {
          for (const [j, derivative] of vector.derivatives.entries()) {
            const name = `${symbol}_${j + 1}(${layer.k})`;
            const step = steps.find((one) => one.name === `∂Div/∂${name}`);
            if (step) expect(step.result).toBe(derivative);
            const node = graph.nodes.find((one) => one.name === name);
            if (node) expect(node.value).toBe(vector.values[j]);
          }
        }
      }
      if (views.length > 1) continue;
      const computed = graph.nodes.filter(
        ({ kind }) => kind === 'z' || kind === 'y' || kind === 'divergence',
      );
      expect(values.toSorted((a, b) => a - b)).toEqual(computed.map(({ id }) => id));
    }
  });

  it('read before they are written nothing that a step computes', () => {
    for (const { steps } of views) {
      const later = new Set(steps.flatMap(({ writes }) => writes.values));
      for (const { reads, writes, name } of steps) {
        for (const id of reads.values) expect(later.has(id), `${name} reads node ${id}`).toBe(false);
        for (const id of writes.values) later.delete(id);
      }
    }
  });

  it("are played by an engine with the library's bits", () => {
    const data = pageData(subject, explanationOf(subject), 'x').engine!;
    const engine = createEngine(JSON.parse(JSON.stringify(data)));
    expect(engine.unchanged).toBe(trace.divergence);
    const instance = instanceOf(subject);
    for (const { changeable, graph, places } of views) {
      for (const { place, key } of changeable) {
        expect(engine.knows(place), key).toBe(true);
        const changed = engine.changed(place, 0.01);
        const { divergence, arrays } = changedInstance(instance, subject, place, 0.01);
        expect(changed.divergence).toBeCloseTo(divergence, 12);
        for (const { id } of graph.nodes) {
          const at = places[id];
          if (!at || !/^\d+\.$/.test(at.path)) continue;
          const value = changed.valueAt(at);
          if (value !== null) expect(value).toBeCloseTo(arrays[Number.parseInt(at.path, 10)][at.unit], 12);
        }
      }
    }
    expect(data.from).toBe(subject.weights.length * 4 > 250_000 ? 1 : 0);
  });
});

describe('special cases', () => {
  const [view] = viewsOf(networks[2][1]);
  const notesOf = (name: string) => stepNamed(view, name).notes.join(' ');

  it('say which subgradient is taken, and why', () => {
    expect(notesOf('∂Div/∂z_1(1)')).toBe(
      'z_1(1) = 0 is a kink of relu, where any slope from 0 to 1 is a subgradient: 0 is taken (PyTorch takes 0, which is the default, and the lecture 1, as {relu: {atZero: 1}} does).',
    );
    expect(notesOf('∂Div/∂z_2(1)')).toBe('');
    expect(notesOf('y_1(6)')).toMatch(
      /^z_1\(6\) and z_2\(6\) tie: a kink, .* The first of the group, z_1\(6\), takes 1\.$/,
    );
    expect(notesOf('y_2(6)')).toMatch(/^z_\d\(6\) is the largest of its group/);
  });

  it('show the Jacobian of each vector activation, whose rows of softmax sum to 0', () => {
    const grids = view.stages
      .filter(({ pass }) => pass === 'forward')
      .flatMap(({ jacobian }) => jacobian ?? []);
    expect(grids.map(({ outputs, inputs }) => `${outputs.length}x${inputs.length}`)).toEqual([
      '2x4',
      '2x4',
      '3x2',
      '2x4',
      '3x3',
    ]);
    for (const row of grids[4].rows) expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 15);
  });

  it('say that a threshold passes back an estimate', async () => {
    const subject = await open({
      layers: [{ dense: 2 }, 'straightThrough', { dense: 1 }],
      loss: 'squaredError',
      explain: { input: [1, 2], target: [1] },
    });
    const step = stepNamed(viewsOf(subject)[0], '∂Div/∂z_1(1)');
    expect(step.check).toBe(null);
    expect(step.notes.join()).toMatch(/^straightThrough passes back an estimate/);
  });
});

function instanceOf(subject: Subject) {
  const instance = createInstance({
    objective: unfused(subject.layers, subject.loss, subject.lossParameter),
    rows: 1,
  });
  instance.desired.set(subject.d.subarray(0, instance.desired.length));
  return instance;
}

/** Changes one number in the library's own arrays, which hold all weights. */
function changedInstance(
  instance: ReturnType<typeof instanceOf>,
  { weights, x }: Subject,
  place: View['changeable'][number]['place'],
  step: number,
) {
  instance.parameters.set(weights);
  instance.network.input.set(x.subarray(0, instance.network.input.length));
  if ('input' in place) instance.network.input[place.input] += step;
  else {
    const { offset } = instance.layout.views.find(({ name }) => name === place.parameter.array)!;
    instance.parameters[offset + place.parameter.index] += step;
  }
  return { divergence: instance.loss(), arrays: instance.network.arrays.map(({ y }) => y) };
}
