/**
 * The tour of the lecture: every command runs and shows what it promises; UPDATE_DOCS=1 writes the heads of
 * the example files, the table in docs/lecture.md and its drawings anew.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { slidesText, stationNamed, TOUR } from '#src/explain/tour.js';
import { readArgs } from '../../dist/bin/args.js';
import { type Command, commandName } from '../../dist/bin/command.js';
import { explainCommand } from '../../dist/bin/commands/explain.js';
import { gradcheckCommand } from '../../dist/bin/commands/gradcheck.js';
import { trainCommand } from '../../dist/bin/commands/train.js';
import { commandLine } from '../../dist/bin/render/tour.js';

const COMMANDS: readonly Command[] = [explainCommand, gradcheckCommand, trainCommand];
const DOCUMENT = resolve('docs/lecture.md');
const EXAMPLES = resolve('examples/lecture');
const DRAWINGS = resolve('docs/lecture');
const update = process.env.UPDATE_DOCS !== undefined;

const folder = mkdtempSync(join(tmpdir(), 'gradpool-tour-'));
const home = process.cwd();
beforeAll(() => process.chdir(folder)); // no examples lie here, so the package's own are taken
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

/** Runs a command in this process; returns its exit code and what it printed. */
async function run(words: readonly string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const [first, ...rest] = words;
    const command = COMMANDS.find((candidate) => commandName(candidate) === first)!;
    return { code: await command.run(await readArgs(command, rest)), text };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
/** dDiv/dx of the file chain-rule.yaml in closed form. */
function chainRule(): number {
  const s = sigmoid(0.1 + 0.8 * 0.5);
  const y = Math.tanh(-0.2 + 1.5 * s);
  return (y - 1) * (1 - y * y) * 1.5 * s * (1 - s) * 0.8;
}
/** The weights from x to the hidden units of distributed-chain-rule.yaml. */
const FIRST = [0.8, 0.5, -0.6];
/** dDiv/dx through each hidden unit of distributed-chain-rule.yaml. */
function throughEach(): number[] {
  const [bias, second] = [
    [0.1, -0.3, 0.2],
    [0.7, -0.4, 0.9],
  ];
  const g = bias.map((b, i) => Math.tanh(b + FIRST[i] * 0.5));
  const y = g.reduce((sum, value, i) => sum + value * second[i], 0.1);
  return g.map((value, i) => (y - 1) * second[i] * (1 - value * value) * FIRST[i]);
}

/** What each command must print. */
const SHOWN: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  derivative: [/perturb x_1 \+= 1e-3: predicted dDiv \S+, actual \S+, Taylor slope 2\.00/],
  'chain-rule': [`paths x_1 -> Div: ${chainRule().toFixed(7)} =`, /1\.5 \* 0\.\d+ \* -/],
  'distributed-chain-rule': throughEach().map((part, i) => `via z_${i + 1}(1) ${part.toFixed(7)}`),
  influence: [],
  perturbation: [
    ...throughEach().map(
      (part, i) =>
        `dDiv/dz_${i + 1}(1) ${(part / FIRST[i]).toPrecision(6)}: ${(1e-3 * part).toExponential(5)}`,
    ),
    `together ${throughEach()
      .reduce((sum, part) => sum + 1e-3 * part, 0)
      .toExponential(5)}`,
  ],
  weight: ['perturb w_11(2) += 1e-3: predicted dDiv 8.21670e-5', 'Taylor slope 2.00'],
  network: [],
  forward: [
    'z_1(1) = sum_i w_i1(1) y_i = 0.35*1 + 0.15*0.05 + 0.2*0.1 = 0.3775',
    '= 0.3925',
    'y_1(1) = sigmoid(0.3775) = 0.59327',
    'z_2(2) = sum_i w_i2(2) y_i = 0.6*1 + 0.5*0.59327 + 0.55*0.59688 = 1.22492',
    'y_1(2) = sigmoid(1.10591) = 0.75137',
  ],
  order: [
    /^ {2}5 {2}Div: .*\n.*0\.298371108760/m,
    /^ {2}6 {2}dDiv\/dy\(2\)/m,
    /^ {2}7 {2}dDiv\/dz\(2\)/m,
    /^ {2}8 {2}dDiv\/dw\(2\)[\s\S]*^ {7}dDiv\/dw_11\(2\) = .* = 0\.59327\*0\.1384986 = 0\.0821670$/m,
    /^ {2}9 {2}dDiv\/dy\(1\)/m,
    /^ 10 {2}dDiv\/dz\(1\)/m,
    /^ 11 {2}dDiv\/dw\(1\)[\s\S]*^ {7}dDiv\/dw_11\(1\) = .* = 0\.05\*0\.0087714 = 0\.00043857$/m,
    /^ 12 {2}dDiv\/dy\(0\)/m,
  ],
  backward: ['forward (read down)', 'backward (read up)', 'numeric 0.00043857', '= 0.298371108760'],
  paths: ['via z_1(2) 0.00066840 + via z_2(2) -0.00022983 = 0.00043857'],
  gradient: [/passed/],
  'special-cases': [
    'affine 2->4, relu',
    'OK (a kink)',
    'layer 2  product',
    'f = softmax',
    'fused with softmax',
  ],
  softmax: ['j=1    0.24835   -0.18633  -0.062024', 'fused with softmax in training: dz(1) = y−d'],
  'fewer-outputs': ['affine 2->4, glu', 'j=2         0   0.61064         0  0.071328'],
  'more-outputs': ['affine 2->2, product', 'j=1   1.5     0', 'j=2   0.3  0.75', 'j=3     0   0.6'],
  jacobian: [/dDiv\/dz_1\(1\) = .* = 0\.24835\*-1\.8498761 \+ -0\.18633\*0 \+ -0\.062024\*0 = -0\.4594233/],
  products: ['z(1) = [1.05, 0.00]', 'dz(1) = [0.00, -1.05]', 'j=1     0  1.05'],
  gates: ['affine 2->4, swiglu', /j=1 +\S+ +0 +\S+ +0\n/, 'perturb w_13(1)'],
  relu: ['z(1) = [0.00, 0.90, -0.55]', "f' = [1, 1, 0]", 'a kink', '1 kink on the way'],
  max: ['j=1  1  0  0  0', 'j=3  1  0  0  0', 'a kink'],
  threshold: ["f = threshold, f' = [0, 0]", 'dDiv/dw_11(1) = y_1(0) * dz_1(1) = 1 * 0 = 0'],
  perceptron: ['accuracy 100.00 %', '5 epochs, 450 steps'],
  loop: ['change<1e-5', 'accuracy 100.00 %'],
};

describe('the tour', () => {
  it('covers slides 25 to 100 in order, and every file of examples/lecture', () => {
    const ranges = TOUR.flatMap(({ slides }) => (slides === null ? [] : [slides]));
    ranges.forEach(([first, last], i) => {
      expect(first).toBe(i === 0 ? 25 : ranges[i - 1][1] + 1);
      expect(last).toBeGreaterThanOrEqual(first);
    });
    expect(ranges.at(-1)![1]).toBe(100);
    const used = new Set(
      TOUR.map(({ command }) => basename(command.find((word) => word.endsWith('.yaml'))!)),
    );
    expect(readdirSync(EXAMPLES).filter((name) => !used.has(name))).toEqual([]);
    expect(Object.keys(SHOWN)).toEqual(TOUR.map(({ name }) => name));
  });

  it.each(TOUR.map((station) => [station.name, station] as const))(
    '%s shows it',
    async (name, { command }) => {
      const { code, text } = await run(command);
      expect(code).toBe(0);
      expect(text).not.toContain('WRONG');
      for (const shown of SHOWN[name]) {
        if (typeof shown === 'string') expect(text).toContain(shown);
        else expect(text).toMatch(shown);
      }
    },
  );

  it('is listed, and a station is found by its name or a slide', async () => {
    const { text } = await run(['explain', '--tour']);
    for (const { command } of TOUR) expect(text).toContain(commandLine(command));
    const found = JSON.parse((await run(['explain', '--tour', '--json'])).text);
    expect(found.map(({ name }: { name: string }) => name)).toEqual(TOUR.map(({ name }) => name));
    const station = await run(['explain', '--tour', '88']);
    expect(station.text).toMatch(/^slide 88: .*\n[\s\S]*\$ gradpool explain examples[\s\S]*paths w_11\(1\)/);
    expect(() => stationNamed('gate')).toThrow(/--tour gate: there is no such station, did you mean 'gates'/);
    expect(() => stationNamed('101')).toThrow('--tour 101: the tour has slides 25 to 100');
    await expect(run(['explain', '--tour', '--row', '2'])).rejects.toThrow(/--tour and --row/);
  });

  it('shows the steps of one unit of a large network, and what is left out', async () => {
    writeFileSync('large.yaml', 'data: spirals\nhidden: [300, 300]\n');
    const { text } = await run(['explain', 'large.yaml', '--steps']);
    expect(text).toMatch(/^unit \d+ of layer 1\nOf the 300 units of layer 1, this one is drawn/m);
    expect(text.match(/^ +z_\d+\(1\) = /gm)).toHaveLength(1);
  });
});

/** Breaks a text into comment lines of at most 120 columns. */
function commented(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = `${lines[lines.length - 1]} ${word}`;
    if (line.length <= 118) lines[lines.length - 1] = line;
    else lines.push(` ${word}`);
  }
  return lines.map((line) => `#${line}\n`).join('');
}

describe('the documents', () => {
  it.each(readdirSync(EXAMPLES))('examples/lecture/%s says what to type and what to look at', (name) => {
    const file = join(EXAMPLES, name);
    const stations = TOUR.filter(({ command }) => command.includes(`examples/lecture/${name}`));
    const head = stations
      .map((station) => {
        const slides = slidesText(station);
        const title = `${slides[0].toUpperCase()}${slides.slice(1)}. ${station.title}`;
        return `${commented(title)}#   ${commandLine(station.command)}\n${commented(`Look at: ${station.look}`)}`;
      })
      .join('#\n');
    const text = readFileSync(file, 'utf8');
    const body = text.replace(/^(#.*\n)*/, '');
    if (update) writeFileSync(file, head + body);
    else expect(text).toBe(head + body);
  });

  it('docs/lecture.md has a row for each station', () => {
    const slides = ({ slides: range }: (typeof TOUR)[number]) =>
      range === null ? 'after 100' : range[0] === range[1] ? `${range[0]}` : `${range[0]}–${range[1]}`;
    const cell = (text: string) => text.replaceAll('*', '\\*').replaceAll('_', '\\_').replaceAll('|', '\\|');
    const rows = TOUR.map(
      (station) =>
        `| ${slides(station)} | \`${commandLine(station.command)}\` | ${cell(station.title)} *Look at:* ${cell(station.look)} |\n`,
    );
    const table = `| slides | command | what it shows |\n|---|---|---|\n${rows.join('')}`;
    const marks = ['<!-- tour -->\n', '<!-- /tour -->'];
    const text = readFileSync(DOCUMENT, 'utf8');
    const [before, rest] = text.split(marks[0]);
    const [written, after] = rest.split(marks[1]);
    if (update) writeFileSync(DOCUMENT, [before, marks[0], table, marks[1], after].join(''));
    else expect(written).toBe(table);
  });

  it.each([
    ['influence.svg', 'examples/lecture/distributed-chain-rule.yaml'],
    ['network.svg', 'examples/lecture-2-2-2.yaml'],
    ['softmax.svg', 'examples/lecture/softmax.yaml'],
  ])('docs/lecture/%s is what --diagram draws', async (name, example) => {
    await run(['explain', example, '--diagram', name]);
    const drawn = readFileSync(name, 'utf8');
    const kept = join(DRAWINGS, name);
    if (update) writeFileSync(kept, drawn);
    else expect(existsSync(kept) && readFileSync(kept, 'utf8')).toBe(drawn);
  });
});
