/** Writes the two passes of one instance one step after the other, with the numbers put into each formula. */
import type { Factor, Step, StepStage, View } from '../../src/explain/steps.js';
import { VERDICTS } from '../../src/explain/verdict.js';
import { derivative, value } from './digits.js';
import { folded, terminalWidth } from './text.js';

const PASSES = { forward: 'forward pass', divergence: 'divergence', backward: 'backward pass' } as const;

/** Writes all steps of a drawing in the lecture's order, each stage with a number, and what it leaves out. */
export const stepsText = ({ name, stages, steps, left }: View): string =>
  [
    ...(left.length > 0 ? [name, ...left, ''] : []),
    ...stages.flatMap((stage, index) => {
      const own = steps.filter((step) => step.stage === index);
      return [
        ...(stages[index - 1]?.pass === stage.pass ? [] : [PASSES[stage.pass]]),
        `${String(index + 1).padStart(3)}  ${plain(stage.name)}: ${stageRule(stage, own)}`,
        ...own.flatMap((step) => folded(`       ${stepText(step)}`, terminalWidth(), 11)),
      ];
    }),
  ].join('\n');

/** Says what a stage computes; a function's formula stands here, once for all units. */
const stageRule = ({ rule }: StepStage, [first]: readonly Step[]): string =>
  first?.of && rule.includes(first.of)
    ? `${rule.replace(/^divergence: /, '')}, ${plain(first.formula.replace(/^\w+: /, ''))}`
    : rule;

function stepText({ name, formula, terms, of, result, check, notes }: Step): string {
  const parts = [
    plain(name),
    of === null ? plain(formula) : null,
    numbersText(terms, of),
    number(name, result),
  ];
  const judged = check === null || check.verdict === 'right' ? '' : `   ${VERDICTS[check.verdict]}`;
  const said = notes.map((note) => `; ${plain(note)}`).join('');
  return `${parts.filter((part) => part !== null).join(' = ')}${judged}${said}`;
}

function numbersText(terms: Step['terms'], of: string | null): string | null {
  const products = terms.map((factors) => factors.map(factorText).join('*'));
  if (of !== null) return `${of.replace('′', "'")}(${products.join(', ')})`;
  return products.join(' + ') || null;
}

const factorText = (factor: Factor): string => number(factor.name, factor.value);

/** Derivatives have two more digits, and Div has all that two networks can be compared by. */
const number = (name: string, one: number): string =>
  name === 'Div' ? one.toPrecision(12) : (name.startsWith('∂Div') ? derivative : value)(one);

/** Writes symbols as the other texts of a terminal do. */
const plain = (text: string): string =>
  text
    .replaceAll('∂', 'd')
    .replaceAll('·', ' ')
    .replace(/Σ(?!_)/g, 'sum ')
    .replaceAll('Σ', 'sum')
    .replaceAll('′', "'");
