/** explain, gradcheck and list as a user runs them. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS } from '#src/metrics/catalogue.js';
import { ACTIVATION_NAMES } from '#src/network/activations.js';
import { DIVERGENCE_NAMES } from '#src/network/divergences.js';
import { INITIALIZER_NAMES } from '#src/network/initializers.js';
import { LAYER_KINDS } from '#src/network/kinds.js';
import { RULE_NAMES } from '#src/optim/rules.js';
import { SCHEDULE_NAMES } from '#src/optim/schedules.js';
import { Place } from './cli.js';

const place = new Place();
afterAll(() => place.remove());
const run = (...args: string[]) => place.gradpool(args);

const EXAMPLE = resolve('examples/lecture-2-2-2.yaml');

describe('explain', () => {
  it("prints the lecture's numbers", async () => {
    const { code, stdout, stderr } = await run('explain', EXAMPLE);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const text = stdout.replace(/ +/g, ' ');
    for (const line of [
      'layer 1 affine 2->2',
      'y(0) = [1, 0.05, 0.10] (y_0 = 1 is the bias input)',
      "z(1) = [0.3775, 0.3925] dz(1) = [0.0087714, 0.0099543] = dy(1) * f'(z(1))",
      "y(1) = [0.59327, 0.59688] f = sigmoid, f' = [0.24130, 0.24061] dy(1) = [0.0363503, 0.0413703] = sum_j w_ij(2) dz_j(2)",
      'dDiv/dw_11(1) = y_1(0) * dz_1(1) = 0.05 * 0.0087714 = 0.00043857 numeric 0.00043857 rel.err',
      'paths w_11(1) -> Div: via z_1(2) 0.00066840 + via z_2(2) -0.00022983 = 0.00043857 (distributed chain rule',
      'perturb w_11(1) += 1e-3: predicted dDiv 4.38568e-7, actual 4.38566e-7, Taylor slope 2.00',
      '= 0.298371108760',
    ]) {
      expect(text).toContain(line);
    }
    expect(text.match(/rel\.err \S+ OK/g)!.length).toBe(12 + 5 + 1);
    expect(text).not.toContain('WRONG');
  });

  it('gives every number as JSON', async () => {
    const found = JSON.parse((await run('explain', EXAMPLE, '--json')).stdout);
    expect(found.trace.parameters.map(({ name }: { name: string }) => name)).toEqual([
      '0.weight',
      '0.bias',
      '2.weight',
      '2.bias',
    ]);
    expect(found.trace.parameters[0].derivatives[0]).toBeCloseTo(0.000438567734, 12);
    expect(found.influence.nodes).toHaveLength(2 + 4 + 4 + 2 + 1);
  });

  it('follows a weight, nudges an input, and draws', async () => {
    const { stdout } = await run(
      'explain',
      EXAMPLE,
      '--weight',
      'w[1][0,2]',
      '--perturb',
      'x1=1e-3',
      '--diagram',
      'out.svg',
      '--html',
      'out.html',
    );
    expect(stdout).toContain('paths w_02(1) -> Div');
    expect(stdout).toContain('perturb x_1 += 1e-3');
    expect(readFileSync(place.path('out.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(readFileSync(place.path('out.html'), 'utf8')).toMatch(
      /^<!doctype html>.*∂Div\/∂w_02\(1\).*<\/html>\n$/s,
    );
  });

  it('summarises a large network, and prints it with --trace', async () => {
    place.write('large.yaml', 'data: spirals\nhidden: [50]\n');
    const { stdout } = await run('explain', 'large.yaml', '--row', '7');
    expect(stdout.split('\n').length).toBeLessThan(15);
    expect(stdout).toContain('row 7 of spirals');
    const all = await run('explain', 'large.yaml', '--trace');
    expect(all.stdout).toContain('… 50 values]');
    expect(all.stdout).toContain('dDiv/dw_2,50(1) =');
  });

  it.each([
    [[EXAMPLE, '--weight', 'w[9][1,1]'], 2, /^gradpool: w\[9\]\[1,1\]: the network has layers 1 to 2\n$/],
    [[EXAMPLE, '--input', '1,2,3', '--target', '0,1'], 2, /input: the network takes 2 numbers, found 3/],
    [[EXAMPLE, '--input', '1,x'], 2, /--input: expected numbers separated by commas, found "x"/],
    [[EXAMPLE, '--row', 'x'], 2, /--row: expected a whole number, found "x"/],
    [['large.yaml', '--row', '999'], 2, /--row 999: spirals has rows 1 to 194/],
    [['nowhere'], 3, /nowhere: there is no such run, model or configuration/],
    [['large.yaml', 'nowhere.csv'], 3, /nowhere\.csv: there is no such file/],
  ])('%j ends in one line', async (args, code, message) => {
    const ended = await run('explain', ...args);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended).toMatchObject({ code, stdout: '' });
  });
});

describe('gradcheck', () => {
  it('passes over everything, and says how much that is', async () => {
    const { code, stdout } = await run('gradcheck');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^combinations +[\d,]+ of layer x activation x divergence, [\d,]+ derivatives$/m);
    expect(stdout).toMatch(/^kinks +\d+ stepped over$/m);
    expect(stdout).toMatch(/^Taylor slope +\d\.\d+ is furthest from 2$/m);
    expect(stdout).toMatch(/^controls +(\d+) of \1 derivatives made wrong by 1e-5 were caught/m);
    expect(stdout).toMatch(/^gradcheck +passed$/m);
    const steps = ['threshold', 'straightThrough', 'perceptron']; // what they pass on is no derivative
    const kinds = Object.keys(LAYER_KINDS).filter((name) => !steps.includes(name));
    for (const name of [...kinds, ...DIVERGENCE_NAMES]) {
      expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
    }
  });

  it('takes a network of one’s own', async () => {
    place.write(
      'own.yaml',
      'data: iris\nlayers: [{dense: 6}, batchNorm, relu, {dropout: 0.2}, {dense: 3}, softmax]\n',
    );
    const { code, stdout } = await run('gradcheck', 'own.yaml', '--rows', '8', '--json');
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ failures: [], rows: 8 });
    expect(found.all.error).toBeLessThanOrEqual(1e-7);
    expect(found.parameters.map(({ name }: { name: string }) => name)).toEqual([
      'dense 0.weight',
      'dense 0.bias',
      'batchNorm 1.weight',
      'batchNorm 1.bias',
      'dense 4.weight',
      'dense 4.bias',
    ]);
    expect((await run('gradcheck', EXAMPLE)).code).toBe(0);
    expect((await run('gradcheck', 'own.yaml', '--rows', '0')).code).toBe(2);
  });
});

describe('list', () => {
  const GROUPS = {
    layers: Object.keys(LAYER_KINDS).filter((name) => !(ACTIVATION_NAMES as string[]).includes(name)),
    activations: ACTIVATION_NAMES,
    losses: DIVERGENCE_NAMES,
    optimizers: RULE_NAMES,
    schedules: SCHEDULE_NAMES,
    initializers: INITIALIZER_NAMES,
    metrics: Object.keys(METRICS),
  };
  let all: Record<
    string,
    { name: string; formula: string; defaults: Record<string, unknown>; torch: string | null }[]
  >;
  let text: string[];
  beforeAll(async () => {
    all = JSON.parse((await run('list', '--json')).stdout);
    text = (await run('list')).stdout.split('\n');
  });

  it.each(Object.entries(GROUPS))('has every one of the %s, with a formula', (group, names) => {
    expect(all[group].map(({ name }) => name)).toEqual(names);
    expect(all[group].every(({ formula }) => formula !== '')).toBe(true);
    const begin = text.indexOf(group.toUpperCase());
    const end = text.indexOf('', begin);
    expect(text.slice(begin + 2, end).map((line) => line.split(' ')[0])).toEqual(names);
  });

  it('says defaults and what must be given', () => {
    const entry = (group: string, name: string) => all[group].find((one) => one.name === name);
    expect(entry('layers', 'dense')).toMatchObject({
      defaults: { units: 'required', bias: true },
      torch: 'Linear',
    });
    expect(entry('optimizers', 'sgd')).toMatchObject({ defaults: { lr: 0.1, momentum: 0.9 }, torch: 'SGD' });
    expect(entry('schedules', 'step')).toMatchObject({ defaults: { stepSize: 10, gamma: 0.1 } });
    expect(all.problems.length).toBeGreaterThan(5);
  });

  it('names the groups when it does not know one', async () => {
    const { code, stderr } = await run('list', 'activation');
    expect(code).toBe(2);
    expect(stderr).toMatch(/list: expected layers, .*, found "activation", did you mean 'activations'\?/);
  });
});
