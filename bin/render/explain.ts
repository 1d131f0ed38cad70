/**
 * Writes the forward and the backward pass of one instance side by side, in the lecture's order and notation.
 */
import type { Explanation, Perturbation } from '../../src/explain/explain.js';
import type { PathSum } from '../../src/explain/paths.js';
import { type Derivative, isOk, type TracedLayer, type Vector } from '../../src/explain/trace.js';
import { VERDICTS } from '../../src/explain/verdict.js';
import { rootMeanSquare } from '../../src/statistics.js';
import { derivative, derivatives, precise, relative, value, vector } from './digits.js';
import { stepsText } from './steps.js';
import { count, countOf, folded, painter, table, terminalWidth } from './text.js';

type Row = readonly [forward: string, backward: string, check: string];

export function explanationText(
  explanation: Explanation,
  name: string,
  { full, steps }: { readonly full: boolean; readonly steps: boolean },
): string {
  const { trace, parameters, origin, instance, paths, perturbations } = explanation;
  const paint = painter(process.stdout);
  const title = `${paint('bold', name)}: ${countOf(parameters, 'parameter')} (${origin}), ${instance}`;
  const parts = [
    title,
    steps ? stepsText(explanation.views[0]) : full ? traceText(explanation) : summaryText(explanation),
    ...paths.map(pathsText),
    ...perturbations.map(perturbationText),
    `${count(trace.compared)} derivatives compared with differences${trace.kinks > 0 ? `, ${countOf(trace.kinks, 'kink')} stepped over` : ''}: ${checks({ ...trace, kinks: 0, estimate: false })}`,
  ];
  const room = terminalWidth();
  return parts
    .join('\n\n')
    .split('\n')
    .flatMap((line) => folded(line, room, /^ */.exec(line)![0].length + 4))
    .join('\n');
}

/** Below this width, the two columns become one: what goes back stands under what goes forward. */
const TWO_COLUMNS = 150;

/** Writes both passes: the forward pass is read down, the backward pass up. */
function traceText(explanation: Explanation): string {
  const { trace } = explanation;
  const head: Row = ['forward (read down)', 'backward (read up): dDiv/d.', ''];
  const rowsByLayer = trace.layers.map((_, index) => rowsOf(explanation, index));
  const last = divergenceRow(explanation);
  const rows = [head, ...rowsByLayer.flat(), last];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const beside = ([forward, backward, checked]: Row) =>
    `  ${forward.padEnd(widths[0])}   ${backward.padEnd(widths[1])}   ${checked}`.trimEnd();
  const below = ([forward, backward, checked]: Row) =>
    [`  ${forward}`, `      ${backward}`, `      ${checked}`].filter((line) => line.trim() !== '').join('\n');
  const line = terminalWidth() < TWO_COLUMNS ? below : beside;
  return [
    line(head),
    ...trace.layers.flatMap((layer, index) => [
      titleOf(layer),
      ...rowsByLayer[index].map(line),
      ...jacobianLines(layer),
      ...weightLines(layer),
    ]),
    line(last),
    ...fusedLine(explanation),
  ].join('\n');
}

function titleOf({ k, affine, activation }: TracedLayer): string {
  const combination = affine ? `affine ${affine[0]}->${affine[1]}` : '';
  return `layer ${k}  ${[combination, activation].filter(Boolean).join(', ')}`;
}

/** Returns the rows of a layer: z and y, and before the first layer the network's input. */
function rowsOf({ trace, formula }: Explanation, index: number): Row[] {
  const layer = trace.layers[index];
  const { k, z, y, slopes, activation } = layer;
  const next = trace.layers[index + 1];
  const fromAbove = next ? throughLayer(next) : `dDiv/dy: ${formula.gradient}`;
  const slope = slopes ? `, f' = ${vector(slopes)}` : '';
  const f = activation ? `  f = ${activation}${slope}` : '';
  const input: Row[] = index === 0 ? [inputRow(layer, trace.x)] : [];
  const combination: Row[] = z
    ? [[`z(${k}) = ${vector(z.values)}`, gradientOf(`dz(${k})`, z, throughActivation(layer)), checks(z)]]
    : [];
  return [
    ...input,
    ...combination,
    [`y(${k}) = ${vector(y.values)}${f}`, gradientOf(`dy(${k})`, y, fromAbove), checks(y)],
  ];
}

function inputRow(layer: TracedLayer, x: Vector): Row {
  const [biasInput, note] = layer.affine ? ['1, ', '  (y_0 = 1 is the bias input)'] : ['', ''];
  return [
    `y(0) = ${vector(x.values).replace('[', `[${biasInput}`)}${note}`,
    gradientOf('dy(0)', x, throughLayer(layer)),
    checks(x),
  ];
}

const gradientOf = (name: string, { derivatives: found }: Vector, why: string) =>
  `${name} = ${derivatives(found)}  = ${why}`;

const throughActivation = ({ k, slopes }: TracedLayer) =>
  slopes ? `dy(${k}) * f'(z(${k}))` : `sum_j dy_j(${k}) dy_j(${k})/dz_i(${k})`;

/** Says how a layer passes ∂Div to the outputs of the layer before it. */
function throughLayer({ k, affine, activation, slopes }: TracedLayer): string {
  if (affine) return `sum_j w_ij(${k}) d${activation ? 'z' : 'y'}_j(${k})`;
  return slopes ? `dy(${k}) * f'(y(${k - 1}))` : `sum_j dy_j(${k}) dy_j(${k})/dy_i(${k - 1})`;
}

function divergenceRow({ trace, formula, desired, classes }: Explanation): Row {
  const [only] = desired;
  const d = desired.length === 1 && classes?.[only] ? `${only} (${classes[only]})` : vector(desired);
  return [`Div = ${formula.formula} = ${trace.divergence.toPrecision(12)}`, `d = ${d}`, ''];
}

function jacobianLines({ k, z, jacobian }: TracedLayer): string[] {
  if (!jacobian) return [];
  const input = z ? `z_i(${k})` : `y_i(${k - 1})`;
  const cells = jacobian.map((row) => row.map((one) => value(one)));
  const width = Math.max(...cells.flat().map(({ length }) => length));
  const lines = cells.map(
    (row, j) => `    j=${String(j + 1).padEnd(2)} ${row.map((cell) => cell.padStart(width)).join('  ')}`,
  );
  return [`  Jacobian dy_j(${k})/d${input}, i from left to right`, ...lines];
}

function weightLines({ k, affine, activation, weights, weightCount }: TracedLayer): string[] {
  const unit = activation ? 'z' : 'y';
  const cells = weights.map((one) => [
    `${leftSide(one, k, unit)} = ${derivative(one.derivative)}`,
    `numeric ${derivative(one.numeric)}`,
    check(one),
  ]);
  const widths = [0, 1].map((column) => Math.max(0, ...cells.map((row) => row[column].length)));
  const lines = cells.map(
    (row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`,
  );
  const others = weightCount - weights.length;
  return others > 0 && (affine || lines.length > 0)
    ? [...lines, `  … and ${countOf(others, 'smaller one')}`]
    : lines;
}

/** Writes a derivative as a product: dDiv/dw_11(1) = y_1(0) * dz_1(1) = 0.05 * 0.0087714. */
function leftSide({ variable, factors }: Derivative, k: number, unit: string): string {
  const { name, place } = variable;
  if (!factors || place.kind !== 'parameter' || !place.ij) return `dDiv/d${name}`;
  const [i, j] = place.ij;
  return `dDiv/d${name} = y_${i}(${k - 1}) * d${unit}_${j}(${k}) = ${value(factors[0])} * ${derivative(factors[1])}`;
}

function fusedLine({ fused, trace }: Explanation): string[] {
  if (!fused) return [];
  const k = trace.layers.length;
  return [
    `  fused with ${fused.activation} in training: dz(${k}) = ${fused.gradient} = ${derivatives(fused.derivatives)}, differs by ${relative(fused.difference)}`,
  ];
}

/** The most paths that are shown: those with the largest products. */
const SHOWN_PATHS = 16;

function pathsText({ variable, count: all, paths, enumerated, sum, backpropagated }: PathSum): string {
  const bySize = paths.toSorted((a, b) => Math.abs(b.product) - Math.abs(a.product));
  const shown = paths.length <= SHOWN_PATHS ? paths : bySize.slice(0, SHOWN_PATHS);
  const each = shown.map(({ nodes, factors, product }) => [
    `  ${[variable, ...nodes].join(' -> ')}${enumerated ? '' : ' -> … -> Div'}`,
    `${factors.map((factor) => value(factor)).join(' * ')} = ${derivative(product)}`,
  ]);
  const width = Math.max(...each.map(([nodes]) => nodes.length));
  const terms = paths
    .map(({ via, product }) => `${via.length > 0 ? `via ${via.join(', ')} ` : ''}${derivative(product)}`)
    .join(' + ');
  const total = `${derivative(sum)}   (distributed chain rule; backpropagation: ${derivative(backpropagated)})`;
  const kind = enumerated ? countOf(all, 'path') : `${count(all)} paths, those through one unit together`;
  return [
    `paths ${variable} -> Div: ${paths.length <= 6 ? `${terms} = ` : ''}${total}`,
    ...(paths.length > 1 ? [`  ${kind}, each the product of the derivatives along its edges:`] : []),
    ...each.map(([nodes, product]) => `${nodes.padEnd(width)}   ${product}`),
    ...(shown.length < paths.length ? [`  … and ${count(paths.length - shown.length)} smaller`] : []),
  ].join('\n');
}

function perturbationText(perturbation: Perturbation): string {
  const { variable, step, predicted, actual, slope, kinks, shares } = perturbation;
  const curve = slope === null ? 'Div is linear in it' : `Taylor slope ${slope.toFixed(2)}`;
  const taylor = kinks > 0 ? `${curve}, ${countOf(kinks, 'kink')} on the way, where Div bends` : curve;
  const line = `perturb ${variable} += ${step.toExponential()}: predicted dDiv ${precise(predicted)}, actual ${precise(actual)}, ${taylor}`;
  return [line, ...shareLines(perturbation, shares.length <= SHOWN_PATHS)].join('\n');
}

/** Writes how the predicted change comes about: what each unit after a fork adds to it. */
function shareLines({ shares, predicted }: Perturbation, shown: boolean): string[] {
  if (shares.length < 2 || !shown) return [];
  const lines = shares.map(
    ({ via, change, derivative: by, predicted: part }) =>
      `  ${via} changes by ${precise(change)}, times dDiv/d${via} ${precise(by)}: ${precise(part)}`,
  );
  return [...lines, `  together ${precise(predicted)}`];
}

/** Writes each layer of a large network in one line: its numbers would be too many. */
function summaryText({ trace, formula, desired, classes }: Explanation): string {
  const zeros = (values: readonly number[]) => values.filter((one) => one === 0).length;
  const rows = trace.layers.map((layer) => {
    const { y, z } = layer;
    const most = layer.weights.reduce((max, { derivative: one }) => Math.max(max, Math.abs(one)), 0);
    return [
      titleOf(layer),
      count(zeros(y.values)),
      precise(rootMeanSquare(y.values)),
      precise(rootMeanSquare(y.derivatives)),
      z ? precise(rootMeanSquare(z.derivatives)) : '',
      layer.weights.length > 0 ? precise(most) : '',
    ];
  });
  const only = desired.length === 1 && classes?.[desired[0]] ? classes[desired[0]] : vector(desired);
  return [
    table(['', 'y = 0', 'rms y', 'rms dDiv/dy', 'rms dDiv/dz', 'max |dDiv/dw|'], rows),
    `Div = ${formula.formula} = ${precise(trace.divergence)}, d = ${only}`,
    'a large network: --trace prints its numbers, --json all of them',
  ].join('\n');
}

/** Says how the derivatives of a vector compare with their difference quotients. */
function checks({
  error,
  compared,
  kinks,
  small,
  estimate,
}: Pick<Vector, 'error' | 'compared' | 'kinks' | 'small' | 'estimate'>): string {
  if (estimate) return 'an estimate, which no difference can confirm';
  if (compared === 0) return '';
  const others = small > 0 ? ` (${count(small)} ${VERDICTS.small})` : '';
  if (small === compared && isOk(error)) return VERDICTS.small;
  return `${check({ verdict: isOk(error) ? 'right' : 'wrong', error, kink: kinks > 0 })}${others}`;
}

function check({ verdict, error, kink }: Pick<Derivative, 'verdict' | 'error' | 'kink'>): string {
  if (verdict === 'small') return VERDICTS.small;
  return `rel.err ${relative(error).padEnd(5)}   ${VERDICTS[verdict]}${kink ? ' (a kink)' : ''}`;
}
