/** Shows one step: its formula, the numbers put in, the result and the check beside it. */
import type { JacobianGrid, Step, StepStage } from '#src/explain/steps.js';
import { VERDICTS } from '#src/explain/verdict.js';
import { scrollBox } from './controls.js';
import { type Child, digits, el, math, number } from './dom.js';
import type { PageView } from './drawing.js';

/** Numbers of a formula that are written out; the others are counted. */
const MOST_TERMS = 12;

/** Writes everything about one step. */
export function stepPanel({ stages, steps }: PageView, index: number): Child {
  const step = steps[index];
  const stage = stages[step.stage];
  return [
    el('p', { class: 'rule' }, `${passName(stage)} · ${stage.rule}`),
    el('h3', { id: 'step-name' }, math(step.name)),
    el('p', { class: 'formula' }, math(`${step.name} = ${step.formula}`)),
    numbersPutIn(step),
    el('p', { class: 'result' }, '= ', el('strong', {}, number(step.result)), ' ', checkOf(step)),
    step.notes.map((note) => el('p', { class: 'note' }, math(note))),
    stage.left > 0 && isLastOfStage(steps, index)
      ? el(
          'p',
          { class: 'muted' },
          math(`${stage.left} other numbers of ${stage.name} are computed in the same way.`),
        )
      : null,
    stage.jacobian ? jacobianGrid(stage.jacobian, step) : null,
  ];
}

const passName = ({ pass }: StepStage): string => (pass === 'divergence' ? 'divergence' : `${pass} pass`);

const isLastOfStage = (steps: readonly Step[], index: number): boolean =>
  steps[index + 1]?.stage !== steps[index].stage;

function numbersPutIn({ terms, of }: Step): HTMLElement {
  const shown = terms.slice(0, MOST_TERMS);
  const more =
    terms.length > shown.length
      ? [el('span', { class: 'muted' }, ` and ${terms.length - shown.length} more`)]
      : [];
  const named = (name: string, value: number) =>
    el('span', { class: 'put' }, el('span', { class: 'named' }, math(name)), number(value));
  const joined = shown.flatMap((term, t): Child[] => [
    t > 0 ? el('span', { class: 'operator' }, of === null ? '+' : ',') : null,
    term.flatMap(({ name, value }, f): Child[] => [
      f > 0 ? el('span', { class: 'operator' }, '·') : null,
      named(name, value),
    ]),
  ]);
  return el(
    'p',
    { class: 'numbers' },
    of === null ? '= ' : `= ${of}( `,
    joined,
    more,
    of === null ? '' : ' )',
  );
}

/** Writes the difference quotient and what it says. */
function checkOf({ check }: Pick<Step, 'check'>): Child {
  if (check === null) return null;
  const { verdict, numeric, error, kink } = check;
  return el(
    'span',
    { class: `check ${verdict}` },
    'difference quotient ',
    number(numeric),
    verdict === 'small'
      ? ` · ${VERDICTS.small}`
      : ` · relative error ${digits(error, 2)} · ${VERDICTS[verdict]}`,
    kink ? ' (a kink)' : '',
  );
}

/** Writes a Jacobian; the row or column that the step is about is marked. */
function jacobianGrid({ inputs, outputs, rows }: JacobianGrid, { name }: Step): HTMLElement {
  const largest = Math.max(...rows.flat().map(Math.abs), Number.MIN_VALUE);
  const [row, column] = [outputs.indexOf(name), inputs.indexOf(name.replace('∂Div/∂', ''))];
  const cell = (value: number, j: number, i: number) =>
    el(
      'td',
      {
        class: `${value > 0 ? 'up' : value < 0 ? 'down' : ''}${j === row || i === column ? ' here' : ''}`,
        style: `--share:${Math.round((100 * Math.abs(value)) / largest)}%`,
      },
      number(value, digits(value, 3)),
    );
  return scrollBox(
    'Jacobian',
    '',
    el(
      'table',
      { class: 'jacobian' },
      el('caption', {}, 'The Jacobian: row j, column i is the derivative of output j by input i.'),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          el('td', {}),
          inputs.map((input) => el('th', { scope: 'col' }, math(`∂${input}`))),
        ),
      ),
      el(
        'tbody',
        {},
        outputs.map((output, j) =>
          el(
            'tr',
            {},
            el('th', { scope: 'row' }, math(`∂${output}`)),
            rows[j].map((value, i) => cell(value, j, i)),
          ),
        ),
      ),
    ),
  );
}

/** Writes all steps as a table: for paper, for screen readers and to search in. */
export function stepTable({ stages, steps }: PageView): HTMLElement {
  return scrollBox(
    'all steps',
    '',
    el(
      'table',
      {},
      el('caption', {}, 'All steps in their order.'),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ['step', 'formula', 'result', 'difference quotient', 'verdict'].map((head) =>
            el('th', { scope: 'col' }, head),
          ),
        ),
      ),
      el(
        'tbody',
        {},
        steps.map((step) =>
          el(
            'tr',
            {},
            el('th', { scope: 'row' }, math(step.name)),
            el('td', {}, math(step.formula), el('span', { class: 'muted' }, ` (${stages[step.stage].rule})`)),
            el('td', { class: 'number' }, number(step.result)),
            el('td', { class: 'number' }, step.check ? number(step.check.numeric) : ''),
            el('td', {}, step.check ? VERDICTS[step.check.verdict] : ''),
          ),
        ),
      ),
    ),
  );
}
