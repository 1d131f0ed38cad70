/** Offers the numbers that may be followed and changed. */
import type { Changeable } from '#src/explain/steps.js';
import { type Child, el, fewDigits } from './dom.js';
import type { PageView } from './drawing.js';

/** Groups numbers by inputs and layers. */
export function groups(changeable: readonly Changeable[]): Child {
  const labelOf = ({ key }: Changeable) =>
    /^x\d/.test(key) ? 'inputs' : `layer ${/\[(\d+)\]/.exec(key)?.[1]}`;
  const option = ({ key, value }: Changeable) => el('option', { value: key }, `${key} = ${fewDigits(value)}`);
  return [...new Set(changeable.map(labelOf))].map((label) =>
    el('optgroup', { label }, changeable.filter((one) => labelOf(one) === label).map(option)),
  );
}

/** Returns the number that is followed at first: w_11(1), or the weight that Div depends on most. */
export function exampleOf({ changeable }: PageView): Changeable | undefined {
  const weights = changeable.filter(({ at }) => at && 'edge' in at);
  const [first = changeable[0]] = weights.toSorted((a, b) => Math.abs(b.derivative) - Math.abs(a.derivative));
  return changeable.find(({ key }) => key === 'w[1][1,1]') ?? first;
}

/** Positions of the slider of a change, on each side. */
export const POSITIONS = 100;

/** How far a number may be changed: up to twice its size, and at least 1. */
const rangeOf = (value: number): number => 2 * Math.max(Math.abs(value), 0.5);

/** Turns the slider's position into a change, which is fine near 0. */
export const changeAt = (value: number, position: number): number =>
  rangeOf(value) * Math.sign(position) * (position / POSITIONS) ** 2;

/** Returns the position that stands for a change. */
export const positionOf = (value: number, change: number): number =>
  POSITIONS * Math.sign(change) * Math.sqrt(Math.abs(change) / rangeOf(value));
