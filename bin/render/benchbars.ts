/**
 * Draws where the time of a step goes: a bar for each worker count, as long as its step and cut into its
 * parts.
 */
import { STEP_PARTS, type StepPart } from '../../src/bench/profile.js';
import type { StepPoint } from '../../src/bench/report.js';

/** The fill of each part: without colours, neighbours can still be told apart. */
const FILL: Readonly<Record<StepPart, string>> = {
  data: '▪',
  forward: '▒',
  backward: '█',
  wait: '·',
  sum: '+',
  update: '░',
};
const WIDTH = 50;

export function stepBars(bars: readonly { readonly name: string; readonly point: StepPoint }[]): string[] {
  const known = bars.map(({ name, point }) => ({ name, breakdown: point.breakdown }));
  const total = (breakdown: Readonly<Record<StepPart, number>>) =>
    STEP_PARTS.reduce((sum, part) => sum + breakdown[part], 0);
  const longest = Math.max(...known.map(({ breakdown }) => total(breakdown)));
  const wide = Math.max(...known.map(({ name }) => name.length));
  const lines = known.map(({ name, breakdown }) => {
    const whole = total(breakdown);
    const shares = STEP_PARTS.filter((part) => breakdown[part] / whole >= 0.005).map(
      (part) => `${part} ${Math.round((100 * breakdown[part]) / whole)} %`,
    );
    return { bar: `${name.padStart(wide)}  ${bar(breakdown, longest)}`, shares: shares.join(', ') };
  });
  return [
    "where a step's time goes",
    ...lines.flatMap(({ bar, shares }) => [bar, `${' '.repeat(wide + 2)}${shares}`]),
    `${' '.repeat(wide + 2)}${STEP_PARTS.map((part) => `${FILL[part]} ${part}`).join('  ')}`,
  ];
}

/**
 * Draws one bar. The ends of the parts are rounded, not their lengths, so that the bar is as long as the
 * step.
 */
function bar(breakdown: Readonly<Record<StepPart, number>>, longest: number): string {
  let text = '';
  let seconds = 0;
  for (const part of STEP_PARTS) {
    seconds += breakdown[part];
    text += FILL[part].repeat(Math.max(0, Math.round((WIDTH * seconds) / longest) - text.length));
  }
  return text;
}
