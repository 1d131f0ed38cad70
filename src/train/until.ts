/** `--until`: when a training has converged, asked after every epoch of its training loss. */

/** The lecture's loop runs until its loss has converged, not for a number of epochs. */
export const UNTIL_EPOCHS = 100_000;

const FORM = /^(change|loss)\s*<\s*(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)$/i;

/** Whether training ends with an epoch of this mean loss after one of `before` (null: the first epoch). */
export type Until = (loss: number, before: number | null) => boolean;

/**
 * 'change<1e-6': |L_t − L_(t−1)| of two epochs' mean training losses lies below it; 'loss<0.01': L_t does. Null where
 * the text is neither.
 */
export function parseUntil(text: string): Until | null {
  const [, what, number] = FORM.exec(text.trim()) ?? [];
  const bound = Number(number);
  if (!(bound > 0)) return null;
  if (what.toLowerCase() === 'loss') return (loss) => loss < bound;
  return (loss, before) => before !== null && Math.abs(loss - before) < bound;
}
